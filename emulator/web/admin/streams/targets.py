"""`/_emulator/streams/{id}/targets`: other servers to which a live stream is pushed."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.times import iso, iso_or_none
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.live import streams, targets
from emulator.world.live.targets import KEY_LENGTH_MAX, URL_LENGTH_MAX, SimulcastTarget


class TargetCreate(Request):
    url: str = Field(min_length=1, max_length=URL_LENGTH_MAX)
    key: str = Field(min_length=1, max_length=KEY_LENGTH_MAX)


class TargetShape(TypedDict):
    """The key is never shown.

    `reason` says why the last attempt ended, `due_at` is the next one.
    """

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


@endpoint("GET", "/streams/{stream_id}/targets")
def list_simulcast_targets(call: Call, stream_id: str) -> TargetList:
    """List a stream's targets in the order of their creation."""
    world = call.platform.world
    simulcast_targets = targets.of(world, streams.find(world, stream_id))
    return {
        "targets": [_shape(simulcast_target) for simulcast_target in simulcast_targets],
        "total": len(simulcast_targets),
    }


@endpoint("POST", "/streams/{stream_id}/targets", status=201, refuses=("conflict", "invalid"))
def add_simulcast_target(call: Call, stream_id: str, body: TargetCreate) -> TargetShape:
    """Push a stream to another server too, whenever it is live."""
    world = call.platform.world
    stream = streams.find(world, stream_id)
    return _shape(targets.add(world, stream, body.url, body.key))


@endpoint("GET", "/streams/{stream_id}/targets/{target_id}")
def get_simulcast_target(call: Call, stream_id: str, target_id: str) -> TargetShape:
    """Read one target."""
    return _shape(_target(call, stream_id, target_id))


@endpoint("DELETE", "/streams/{stream_id}/targets/{target_id}")
def remove_simulcast_target(call: Call, stream_id: str, target_id: str) -> None:
    """Remove a target: stop pushing a stream there."""
    targets.remove(call.platform.world, _target(call, stream_id, target_id))


def _target(call: Call, stream_id: str, target_id: str) -> SimulcastTarget:
    """Return the target. Refuses (`not_found`) one of another stream."""
    world = call.platform.world
    stream = streams.find(world, stream_id)
    return targets.find(world, stream, target_id)


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
