"""Answers that are not the operation's own status with a JSON value."""

from typing import Any

from msgspec import Struct


class Other(Struct, frozen=True):
    """A success with another status than usual. The operation names it in `also`."""

    status: int
    value: Any


class Download(Struct, frozen=True):
    """A file. `name` is what a browser saves it as."""

    content: str | bytes
    media_type: str
    name: str
