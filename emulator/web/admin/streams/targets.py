"""`/_emulator/streams/{id}/targets`: where else a stream is pushed while it is live."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.times import iso, iso_or_none
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.live import streams, targets
from emulator.world.live.targets import KEY_LENGTH_MAX, URL_LENGTH_MAX, SimulcastTarget


class TargetCreate(Request):
    url: str = Field(min_length=1, max_length=URL_LENGTH_MAX)
    key: str = Field(min_length=1, max_length=KEY_LENGTH_MAX)


class TargetShape(TypedDict):
    """The key is not told. `reason` says why the last attempt ended, `due_at` when the next is."""

    id: str
    stream_id: str
    url: str
    state: str
    attempts: int
    reason: str | None
    due_at: str | None
    live_since: str | None
    created_at: str


class TargetList(TypedDict):
    targets: list[TargetShape]
    total: int


def page(call: Call) -> TargetList:
    """List a stream's targets, the first added first."""
    world = call.platform.world
    simulcast_targets = targets.of(world, streams.find(world, call.path["stream_id"]))
    return {
        "targets": [_shape(simulcast_target) for simulcast_target in simulcast_targets],
        "total": len(simulcast_targets),
    }


def add(call: Call) -> TargetShape:
    """Push a stream to another address, too: at once if it is live, and each time it is."""
    body = call.body_as(TargetCreate)
    world = call.platform.world
    stream = streams.find(world, call.path["stream_id"])
    return _shape(targets.add(world, stream, body.url, body.key))


def show(call: Call) -> TargetShape:
    """Read one target."""
    return _shape(_target(call))


def remove(call: Call) -> None:
    """Push a stream there no more."""
    targets.remove(call.platform.world, _target(call))


def _target(call: Call) -> SimulcastTarget:
    """Refuses (`not_found`) one that is another stream's."""
    world = call.platform.world
    stream = streams.find(world, call.path["stream_id"])
    return targets.find(world, stream, call.path["target_id"])


def _shape(target: SimulcastTarget) -> TargetShape:
    return {
        "id": target.id,
        "stream_id": target.stream_id,
        "url": target.url,
        "state": target.state,
        "attempts": target.attempts,
        "reason": target.reason,
        "due_at": iso_or_none(target.due_at_ms),
        "live_since": iso_or_none(target.live_since_ms),
        "created_at": iso(target.created_at_ms),
    }


_PATH = "/streams/{stream_id}/targets"

OPERATIONS = [
    Operation(
        method="GET",
        path=_PATH,
        auth="public",
        answer=page,
        refuses=("not_found",),
        provenance="assumed",
    ),
    Operation(
        method="POST",
        path=_PATH,
        auth="public",
        answer=add,
        body=TargetCreate,
        status=201,
        refuses=("not_found", "conflict", "invalid"),
        provenance="assumed",
    ),
    Operation(
        method="GET",
        path=f"{_PATH}/{{target_id}}",
        auth="public",
        answer=show,
        refuses=("not_found",),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path=f"{_PATH}/{{target_id}}",
        auth="public",
        answer=remove,
        status=204,
        refuses=("not_found",),
        provenance="assumed",
    ),
]
