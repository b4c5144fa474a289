"""The audience of a demo's channels."""

from emulator.cli.lib import audience
from emulator.scenario.actions.chat.flood import ChatFlood
from emulator.scenario.actions.live.viewers import ViewersSpike
from emulator.scenario.language.load import Known, load

NAMES = ("chat.flood", "viewers.spike")


def test_demo_audience_talks_and_comes_in_every_channel() -> None:
    owners = ("ada", "bob", "cleo")

    known = Known(users=frozenset(owners))
    scenario = load(audience.scenario(owners[0], owners[1:]), "audience.yaml", known=known)

    steps = {
        (step.action.stream["owner"], step.action.name)
        for step in scenario.steps
        if isinstance(step.action, ChatFlood | ViewersSpike)
        and isinstance(step.action.stream, dict)
    }
    assert steps == {(owner, name) for owner in owners for name in NAMES}
    assert scenario.is_endless
