"""`/users/me`: one's own account: read it, take all of it along, delete it."""

import json

from emulator.shapes import belongings as shapes
from emulator.shapes.belongings import AccountExport
from emulator.shapes.people import UserShape, user_shape
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.people import belongings, departures

_JSON = "application/json"


def me(call: Call) -> UserShape:
    """Read one's own account."""
    return user_shape(call.user)


def delete(call: Call) -> None:
    """Delete one's account.

    Its streams end, its content and files go, it is gone from every list; tokens and keys stop
    working.
    """
    departures.delete(call.world, call.user)


def export(call: Call) -> AccountExport | Download:
    """Download all that one owns, as a JSON file."""
    user, world = call.user, call.world
    found = belongings.of(world, user, world.rules.export_rows_max)
    detail = shapes.export(user, found, world.now_ms)
    content = json.dumps(detail, ensure_ascii=False, indent=1)
    return Download(content, _JSON, f"{user.username}.json")


OPERATIONS = [
    Operation(
        method="GET",
        path="/users/me",
        auth="user",
        answer=me,
        provenance="assumed",
        is_reusable=True,
    ),
    Operation(
        method="DELETE",
        path="/users/me",
        auth="user",
        answer=delete,
        status=204,
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/users/me/export",
        auth="user",
        answer=export,
        downloads=(_JSON,),
        provenance="client",
    ),
]
