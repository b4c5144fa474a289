"""`/_emulator/snapshots`: this world as it was, to come back to."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.times import iso
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.web.platform import Snapshot
from emulator.web.worlds import SNAPSHOT_NAME


class SnapshotCreate(Request):
    name: str = Field(pattern=f"^{SNAPSHOT_NAME.pattern}$")


class SnapshotShape(TypedDict):
    world: str
    name: str
    taken_at: str


class SnapshotList(TypedDict):
    world: str
    snapshots: list[SnapshotShape]
    total: int


def page(call: Call) -> SnapshotList:
    """List this world's snapshots, the oldest first."""
    dict_values = call.platform.snapshots.values()
    shown = [_shape(call, snapshot) for snapshot in dict_values]
    return {"world": call.world.name, "snapshots": shown, "total": len(dict_values)}


def save(call: Call) -> SnapshotShape:
    """Take a snapshot of this world. One of the same name is replaced."""
    name = call.body_as(SnapshotCreate).name
    return _shape(call, call.platform.worlds.save(call.platform, name))


async def restore(call: Call) -> SnapshotShape:
    """Put this world back to a snapshot. Publishers are disconnected."""
    return _shape(call, await call.platform.worlds.restore(call.platform, call.path["name"]))


async def drop(call: Call) -> None:
    """Drop a snapshot."""
    await call.platform.worlds.forget(call.platform, call.path["name"])


def _shape(call: Call, snapshot: Snapshot) -> SnapshotShape:
    return {"world": call.world.name, "name": snapshot.name, "taken_at": iso(snapshot.at_ms)}


OPERATIONS = [
    Operation(method="GET", path="/snapshots", auth="public", answer=page, provenance="assumed"),
    Operation(
        method="POST",
        path="/snapshots",
        auth="public",
        answer=save,
        body=SnapshotCreate,
        status=201,
        refuses=("conflict",),
        provenance="assumed",
    ),
    Operation(
        method="POST",
        path="/snapshots/{name}/restore",
        auth="public",
        answer=restore,
        refuses=("not_found",),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path="/snapshots/{name}",
        auth="public",
        answer=drop,
        status=204,
        refuses=("not_found",),
        provenance="assumed",
    ),
]
