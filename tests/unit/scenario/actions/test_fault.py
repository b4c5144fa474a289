"""Faults in a scenario: started, stopped, expired, and checked before anything runs."""

import pytest

from emulator.scenario.language.errors import InvalidScenario
from tests.support.scenario_run import play
from tests.support.tables import table

HEAD = """
scenario: Faults
world:
  users: [{name: ada}, {name: bob}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - stream.start: launch
"""


async def test_fault_actions_fault_starts_for_a_while_stops_and_is_cleared() -> None:
    played = await play(
        HEAD
        + """
  - fault.start: {media.stall: {stream: launch}, for: 4s}
  - fault.start: {chat.drop: {stream: {owner: ada}}, share: 50%}
  - fault.start: {api.fail: {user: bob, status: 500}, times: 3}
  - fault.start: api.hang
  - wait: 5s
  - fault.stop: api.fail
  - fault.clear: {}
"""
    )

    assert played.is_fine, (played.judged, played.broken)


@table(
    ("step", "said"),
    [
        ("fault.start: {media.stal: {stream: launch}}", "Did you mean media.stall?"),
        ("fault.start: {media.stall: {stream: lunch}}", "There is no stream lunch"),
        ("fault.start: {api.fail: {user: eve}}", "There is no user eve"),
        (
            "fault.start: {api.fail: {status: 200}}",
            "status: must be a whole number from 400 to 599",
        ),
        ("fault.start: {api.fail: {}, for: soon}", "for: invalid duration 'soon'"),
        ("fault.start: 5", "Write names and values here"),
        ("fault.stop: media.stal", "There is no fault media.stal"),
    ],
)
async def test_fault_actions_errors_are_reported_before_the_run(step: str, said: str) -> None:
    with pytest.raises(InvalidScenario, match=said.replace("?", r"\?")):
        await play(f"{HEAD}  - {step}\n")
