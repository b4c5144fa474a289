"""The reference page of the scenario language matches the code."""

from emulator.scenario.actions import registry
from emulator.scenario.output import reference
from tests.support.docs import PROJECT

PAGE = PROJECT / "docs/reference/scenarios.md"


def test_scenario_reference_is_generated_from_the_language() -> None:
    assert PAGE.read_text("utf-8") == reference.markdown(), "run `make docs`"


def test_scenario_reference_has_a_line_for_every_action() -> None:
    text = PAGE.read_text("utf-8")

    assert [name for name in registry.every() if f"**`{name}`**" not in text] == []
