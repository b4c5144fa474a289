"""`/_emulator/snapshots`: saved states of this world, which can be restored."""

from typing import TypedDict

from pydantic import Field

from emulator.platform import snapshots
from emulator.platform.platform import Snapshot
from emulator.platform.snapshots import NAME
from emulator.shapes.times import iso
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.validation_messages import explained

_NAME = explained(f"^{NAME.pattern}$", "letters, digits, dots, dashes and underscores")


class SnapshotCreate(Request):
    name: str = Field(pattern=_NAME)


class SnapshotShape(TypedDict):
    world: str
    name: str
    taken_at: str


class SnapshotList(TypedDict):
    world: str
    snapshots: list[SnapshotShape]
    total: int


@endpoint("GET", "/snapshots")
def list_snapshots(call: Call) -> SnapshotList:
    """List this world's snapshots, oldest first."""
    all_of_world = call.platform.snapshots.values()
    shown = [_shape(call, snapshot) for snapshot in all_of_world]
    return {"world": call.world.name, "snapshots": shown, "total": len(all_of_world)}


@endpoint("POST", "/snapshots", status=201, refuses=("conflict",))
def save_snapshot(call: Call, body: SnapshotCreate) -> SnapshotShape:
    """Take a snapshot of this world. One of the same name is replaced."""
    name = body.name
    return _shape(call, snapshots.save(call.platform, name))


@endpoint("POST", "/snapshots/{name}/restore")
async def restore_snapshot(call: Call, name: str) -> SnapshotShape:
    """Restore a snapshot of this world. Publishers are disconnected."""
    return _shape(call, await snapshots.restore(call.platform, name))


@endpoint("DELETE", "/snapshots/{name}")
async def delete_snapshot(call: Call, name: str) -> None:
    """Drop a snapshot."""
    await snapshots.drop(call.platform, name)


def _shape(call: Call, snapshot: Snapshot) -> SnapshotShape:
    return {"world": call.world.name, "name": snapshot.name, "taken_at": iso(snapshot.at_ms)}
