"""Colour: on a terminal, and elsewhere only on request."""

import io

import pytest

from emulator.cli.lib import colour
from tests.support.tables import table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@table(
    ("variables", "on_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
    ],
)
def test_colour_is_for_terminals_unless_a_variable_is_set(
    variables: dict[str, str], on_terminal: bool, in_pipe: bool
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)

        assert colour.is_coloured(Terminal()) is on_terminal
        assert colour.is_coloured(io.StringIO()) is in_pipe


def test_colour_paints_text_and_is_reset_after_it() -> None:
    assert colour.paint("live", "red", "bold", out=Terminal()) == "\x1b[31;1mlive\x1b[0m"
    assert colour.paint("live", None, out=Terminal()) == "live"
    assert colour.paint("live", "red", out=io.StringIO()) == "live"


def test_colour_can_be_turned_off_for_a_command() -> None:
    colour.turn_off(True)
    try:
        assert not colour.is_coloured(Terminal())
    finally:
        colour.turn_off(False)


@table(
    ("status", "wanted"),
    [(101, "dim"), (200, "green"), (304, "cyan"), (404, "yellow"), (503, "red"), (999, None)],
)
def test_colour_of_status_is_by_its_class(status: int, wanted: str | None) -> None:
    assert colour.colour_of_status(status) == wanted
