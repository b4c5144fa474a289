"""Answers that are not the operation's own status with a JSON value."""

from typing import Any

from msgspec import Struct


class Other(Struct, frozen=True):
    """A success with a status other than the operation's own; the operation lists it in `also`."""

    status: int
    value: Any


class Download(Struct, frozen=True):
    """A file to download. A browser saves it under `name`."""

    content: str | bytes
    media_type: str
    name: str
