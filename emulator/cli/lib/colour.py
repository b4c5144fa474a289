"""Colour: whether a stream takes it, and text in it. Facts for programs (`--json`) have none.

As https://clig.dev has it: only on a terminal that can, and never where `NO_COLOR` is set;
`FORCE_COLOR` says that a pipe leads to something that shows colours.
"""

import os
import re
import sys
from typing import Literal, TextIO

Colour = Literal["red", "green", "yellow", "blue", "magenta", "cyan", "bold", "dim"]

# ECMA-48, 8.3.117: select graphic rendition.
_CODES: dict[Colour, str] = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "bold": "1",
    "dim": "2",
}
_ADDRESS = re.compile(r"\b(?:https?|rtmps?)://[^\s\"']+")
_STATES: dict[str, Colour] = {
    "live": "red",
    "offline": "dim",
    "ended": "dim",
    "ok": "green",
    "warn": "yellow",
    "fail": "red",
    "passed": "green",
    "stopped": "yellow",
    "failed": "red",
    "missed": "red",
    "delivered": "green",
    "waiting": "yellow",
}


_is_off = False


def turn_off(is_off: bool) -> None:
    """What the flag `--no-color` says of the command that runs."""
    global _is_off
    _is_off = is_off


def is_coloured(out: TextIO) -> bool:
    """Whether what is written to `out` may be coloured."""
    if _is_off or os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced and forced != "0":
        return True
    return forced != "0" and os.environ.get("TERM") != "dumb" and out.isatty()


def paint(text: str, *colours: Colour | None, out: TextIO | None = None) -> str:
    """`text` as `out` (standard output) shows it. Text of others must be made plain before."""
    codes = ";".join(_CODES[colour] for colour in colours if colour)
    if not codes or not text or not is_coloured(out or sys.stdout):
        return text
    return f"\x1b[{codes}m{text}\x1b[0m"


def paint_addresses(text: str, out: TextIO | None = None) -> str:
    """`text` with the addresses in it as `out` shows them. Text of others must be made plain."""
    if not is_coloured(out or sys.stdout):
        return text
    return _ADDRESS.sub(lambda match: paint(match[0], "cyan", out=out), text)


def colour_of(state: str) -> Colour | None:
    """The colour of a state's name, the same in every command; None for no colour."""
    return _STATES.get(state)


def colour_of_status(status: int) -> Colour | None:
    """The colour of an HTTP status."""
    return ("dim", "green", "cyan", "yellow", "red")[status // 100 - 1] if status < 600 else None
