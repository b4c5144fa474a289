"""Simulcast targets: other servers to which a live stream is pushed, and the state of each push.

A target's key never appears in events or answers.
"""

from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.live import TargetAdded, TargetChanged, TargetRemoved
from emulator.core.hosts import RTMP_URL, is_url
from emulator.world.live.streams import Stream
from emulator.world.store.rows import read_row
from emulator.world.world import World

TargetState = Literal["idle", "connecting", "live", "waiting"]

TARGETS_MAX = 10
URL_LENGTH_MAX = 500
KEY_LENGTH_MAX = 500


class SimulcastTarget(Struct, frozen=True):
    """One target. `idle`: its stream is not live. `waiting`: the push failed, for `reason`.

    A waiting target is tried again at `due_at_ms`. `attempts` counts the failed attempts since it
    was last live. `live_since_ms` is None unless it is live.
    """

    pk: int
    id: str
    stream_id: str
    url: str
    key: str
    state: TargetState
    attempts: int
    reason: str | None
    due_at_ms: int | None
    live_since_ms: int | None
    created_at_ms: int


def add(world: World, stream: Stream, url: str, key: str) -> SimulcastTarget:
    """Add a target; a live stream is pushed there at once.

    Refuses (`invalid`) a bad address or key, (`conflict`) an ended stream, one target too many, and
    the same address with the same key twice.
    """
    if not is_url(url, RTMP_URL) or len(url) > URL_LENGTH_MAX:
        raise Refused(
            "invalid", "A target's address is rtmp://host[:port]/app, or rtmps://.", field="url"
        )
    if not key or len(key) > KEY_LENGTH_MAX or not key.isprintable():
        raise Refused(
            "invalid", f"A target's key is 1 to {KEY_LENGTH_MAX} characters.", field="key"
        )
    if stream.status == "ended":
        raise Refused("conflict", "This stream has ended.")
    targets = of(world, stream)
    if len(targets) >= TARGETS_MAX:
        raise Refused("conflict", f"This stream has {TARGETS_MAX} targets. Remove one.")
    if any((target.url, target.key) == (url, key) for target in targets):
        raise Refused("conflict", "This stream is pushed there already.")
    target_id = world.ids.uuid()
    with world.change():
        world.store.insert(
            "simulcast_targets",
            id=target_id,
            stream_row=stream.pk,
            url=url,
            key=key,
            created_at_ms=world.now_ms,
        )
        world.emit(TargetAdded(at_ms=world.now_ms, stream_id=stream.id, target_id=target_id))
    return find(world, stream, target_id)


def remove(world: World, target: SimulcastTarget) -> None:
    """Remove a target; the push to it stops."""
    with world.change():
        world.store.write("DELETE FROM simulcast_targets WHERE row = ?", target.pk)
        world.emit(
            TargetRemoved(at_ms=world.now_ms, stream_id=target.stream_id, target_id=target.id)
        )


def of(world: World, stream: Stream) -> list[SimulcastTarget]:
    """Return a stream's targets in the order in which they were added."""
    rows = world.store.rows(f"{_SELECT} WHERE stream_row = ? ORDER BY targets.row", stream.pk)
    return [_target(row) for row in rows]


def find(world: World, stream: Stream, target_id: str) -> SimulcastTarget:
    """Return a stream's target. Refuses (`not_found`) an unknown id, or one of another stream."""
    target = by_id(world, target_id)
    if target is None or target.stream_id != stream.id:
        raise Refused("not_found", "Target not found")
    return target


def by_id(world: World, target_id: str) -> SimulcastTarget | None:
    row = world.store.row(f"{_SELECT} WHERE targets.id = ?", target_id)
    return None if row is None else _target(row)


def of_live_streams(world: World) -> list[SimulcastTarget]:
    rows = world.store.rows(f"{_SELECT} WHERE streams.status = 'live'")
    return [_target(row) for row in rows]


def connecting(world: World, target_id: str) -> None:
    """Record that the connection to a target is being opened."""
    _change(world, target_id, "connecting", None)


def accepted(world: World, target_id: str) -> None:
    """Record that a target accepts the stream; earlier failures are forgotten."""
    _change(world, target_id, "live", None)


def failed(world: World, target_id: str, reason: str, due_at_ms: int) -> None:
    """Record that a push failed or ended; it is tried again at `due_at_ms`."""
    _change(world, target_id, "waiting", reason, due_at_ms)


def idle(world: World, target_id: str) -> None:
    """Record that a target has nothing to receive: its stream is not live."""
    _change(world, target_id, "idle", None)


def _change(
    world: World,
    target_id: str,
    state: TargetState,
    reason: str | None,
    due_at_ms: int | None = None,
) -> None:
    """Change a target's state; do nothing if the target was removed."""
    target = by_id(world, target_id)
    if target is None or (state == "idle" and target.state == "idle"):
        return
    attempts = {"idle": 0, "live": 0, "waiting": target.attempts + 1}.get(state, target.attempts)

    def write() -> None:
        world.store.update(
            "simulcast_targets",
            target.pk,
            state=state,
            attempts=attempts,
            reason=reason,
            due_at_ms=due_at_ms,
            live_since_ms=world.now_ms if state == "live" else None,
        )
        world.emit(
            TargetChanged(
                at_ms=world.now_ms,
                stream_id=target.stream_id,
                target_id=target_id,
                state=state,
                reason=reason,
            )
        )

    # On a full disk the new state is lost, and the target keeps the previous one.
    world.store.note(write)


_SELECT = (
    "SELECT targets.*, streams.id AS stream_id FROM simulcast_targets AS targets"
    " JOIN streams ON streams.row = targets.stream_row"
)


_target = partial(read_row, SimulcastTarget)
