"""`/users/me`: read, export and delete the caller's own account."""

import json

from emulator.shapes import belongings as shapes
from emulator.shapes.belongings import AccountExport
from emulator.shapes.people import UserShape, user_shape
from emulator.web.http.answers import Download
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people import belongings, departures
from emulator.world.people.accounts import User

_JSON = "application/json"


@endpoint("GET", "/users/me")
def get_account(caller: User) -> UserShape:
    """Read the caller's own account."""
    return user_shape(caller)


@endpoint("DELETE", "/users/me", provenance="client")
def delete_account(call: Call, caller: User) -> None:
    """Delete the caller's account.

    Its streams end, its content and files are deleted, it disappears from all lists; its tokens and
    keys stop working.
    """
    departures.delete(call.world, caller)


@endpoint("GET", "/users/me/export", provenance="client", downloads=(_JSON,))
def export_account(call: Call, caller: User) -> AccountExport | Download:
    """Download all data of the caller's account, as a JSON file."""
    world = call.world
    owned = belongings.of(world, caller, world.rules.export_rows_max)
    detail = shapes.export(caller, owned, world.now_ms)
    content = json.dumps(detail, ensure_ascii=False, indent=1)
    return Download(content, _JSON, f"{caller.username}.json")
