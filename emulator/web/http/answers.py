"""Answers that are not the operation's own status with a JSON value."""

from typing import Any

from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Other:
    """A success with another status than usual. The operation names it in `also`."""

    status: int
    value: Any


@dataclass(frozen=True, slots=True)
class Download:
    """A file. `name` is what a browser saves it as."""

    content: str | bytes
    media_type: str
    name: str
