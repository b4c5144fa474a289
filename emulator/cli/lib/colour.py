"""Colour: decides whether an output gets colours, and colours text. `--json` never has colours.

As https://clig.dev says: only on a terminal with colours, and never if `NO_COLOR` is set;
`FORCE_COLOR` turns colours on for a pipe.
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
_ADDRESS = r"\b(?:https?|rtmps?)://[^\s\"']+"
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
    """Turn colours off for this command (`--no-color`)."""
    global _is_off
    _is_off = is_off


def is_coloured(out: TextIO) -> bool:
    """Whether text written to `out` may be coloured."""
    if _is_off or os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced and forced != "0":
        return True
    return forced != "0" and os.environ.get("TERM") != "dumb" and out.isatty()


def paint(text: str, *colours: Colour | None, out: TextIO | None = None) -> str:
    """Colour `text`, if `out` (standard output) shows colours. Make others' text `plain` first."""
    codes = ";".join(_CODES[colour] for colour in colours if colour)
    if not codes or not text or not is_coloured(out or sys.stdout):
        return text
    return f"\x1b[{codes}m{text}\x1b[0m"


def paint_addresses(text: str, out: TextIO | None = None) -> str:
    """Colour the URLs in `text`, if `out` shows colours. Make others' text `plain` first."""
    if not is_coloured(out or sys.stdout):
        return text
    return re.sub(_ADDRESS, lambda match: paint(match[0], "cyan", out=out), text)


def colour_of(state: str) -> Colour | None:
    """The colour of a state's name, the same in every command; None without one."""
    return _STATES.get(state)


def colour_of_status(status: int) -> Colour | None:
    """The colour of an HTTP status."""
    return ("dim", "green", "cyan", "yellow", "red")[status // 100 - 1] if status < 600 else None
