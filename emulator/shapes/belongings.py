"""Belongings: the export of everything that an account owns, with times and flags as in the API."""

import base64
from typing import Any, TypedDict

from emulator.shapes.people import UserShape, user_shape
from emulator.shapes.times import iso
from emulator.world.people.accounts import User
from emulator.world.people.belongings import Belongings

# Columns of instants end in this; other milliseconds are durations.
_INSTANTS = ("at_ms", "_start_ms")
_FLAGS = ("is_", "has_", "are_")


class AccountExport(TypedDict):
    """`belongings` by kind, each thing with the fields that the platform keeps of it.

    `incomplete` names kinds of which the account owns more than a file holds.
    """

    exported_at: str
    user: UserShape
    belongings: dict[str, list[dict[str, Any]]]
    incomplete: list[str]


def export(user: User, belongings: Belongings, now_ms: int) -> AccountExport:
    return {
        "exported_at": iso(now_ms),
        "user": user_shape(user),
        "belongings": {
            kind: [dict(_field(name, value) for name, value in row.items()) for row in rows]
            for kind, rows in belongings.rows.items()
        },
        "incomplete": list(belongings.cut),
    }


def _field(name: str, value: Any) -> tuple[str, Any]:
    if isinstance(value, bytes):
        return name, base64.b64encode(value).decode()
    if name.endswith(_INSTANTS):
        return name.removesuffix("_ms"), None if value is None else iso(value)
    if name.startswith(_FLAGS):
        return name, bool(value)
    return name, value
