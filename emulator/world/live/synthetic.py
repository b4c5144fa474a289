"""Synthetic publishers: somebody publishes the built-in picture, and no encoder runs.

For clocks that jump: a stream of hours costs nothing. It comes, drops and leaves as a real
publisher does, with the same events; what it shows is made when somebody looks
(`media/recording/simulated`).
"""

from functools import partial

from emulator.core.errors import Refused
from emulator.world.faults.ingest import IngestCut
from emulator.world.live import ingest_keys, streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

PROTOCOL = "synthetic"

# From when to when nothing was shown; None: it is not over.
Pause = tuple[int, int | None]


def start(world: World, stream: Stream) -> Stream:
    """Come with the stream's key, and be live at once, or again.

    Refuses (`conflict`) a stream that has ended, and one that somebody publishes.
    """
    is_there = is_publishing(world, stream)
    ingest_keys.authorize(world, stream.stream_key, is_publishing=is_there)
    away = _open_pause(world, stream)
    with world.change():
        ingest_keys.note_joined(world, stream.id, PROTOCOL, is_return=away is not None)
        if away is not None:
            world.store.update("loop_pauses", away, ended_at_ms=world.now_ms)
        else:
            _begin(world, stream)
    for cut in world.faults.on(IngestCut):
        if cut.fault.meets({"stream": stream.id}):
            due_ms = world.now_ms + cut.fault.after_ms
            world.clock.call_at(due_ms, lambda: world.insist(lambda: _cut(world, stream.id)))
            break
    return streams.find(world, stream.id)


def is_publishing(world: World, stream: Stream) -> bool:
    """Whether a synthetic publisher is there; the picture of a seeded stream counts as one."""
    is_shown = stream.status == "live" and stream.is_simulated
    return is_shown and _open_pause(world, stream) is None


def stop(world: World, stream: Stream, reason: str = "the publisher stopped") -> None:
    """Leave. The stream ends when nobody has come back within the reconnect window.

    Refuses (`conflict`) where no synthetic publisher is there.
    """
    stream = streams.find(world, stream.id)
    if not is_publishing(world, stream):
        raise Refused("conflict", "No synthetic publisher is there.", stream_id=stream.id)
    stopped_ms = world.now_ms
    with world.change():
        ingest_keys.note_left(world, stream.id, reason)
        away = world.store.insert("loop_pauses", media_uid=stream.uid, began_at_ms=stopped_ms)
    due_ms = stopped_ms + world.rules.reconnect_window_ms
    give_up = partial(_give_up, world, stream.id, away, reason)
    world.clock.call_at(due_ms, lambda: world.insist(give_up))


def drop(world: World, stream: Stream, back_after_ms: int) -> None:
    """Leave, and come back after a while; too late, where the stream has ended by then."""
    stop(world, stream, "the connection broke")
    come_back = partial(_come_back, world, stream.id)
    world.clock.call_at(world.now_ms + back_after_ms, lambda: world.insist(come_back))


def break_off(world: World, kind: str) -> None:
    """A fault of this kind has begun: it cuts off those whom it meets."""
    if kind == IngestCut.kind:
        for stream in streams.live(world):
            if was_started(world, stream):
                _cut(world, stream.id)


def end_abandoned(world: World) -> None:
    """End what waits for a publisher that nobody remembers: the process was started anew."""
    for stream in streams.live(world):
        away = _open_pause(world, stream)
        if away is not None:
            _give_up(world, stream.id, away, "the emulator stopped while it waited")


def pauses(world: World, uid: str) -> tuple[Pause, ...]:
    """When the picture of this media was not shown, in order."""
    rows = world.store.rows(
        "SELECT began_at_ms, ended_at_ms FROM loop_pauses WHERE media_uid = ? ORDER BY row", uid
    )
    return tuple((row["began_at_ms"], row["ended_at_ms"]) for row in rows)


def _begin(world: World, stream: Stream) -> None:
    if stream.status == "live" and stream.started_at_ms is not None:
        # Live by the API before: up to now there was nothing to see.
        world.store.insert(
            "loop_pauses",
            media_uid=stream.uid,
            began_at_ms=stream.started_at_ms,
            ended_at_ms=world.now_ms,
        )
    streams.simulate(world, stream)
    world.store.update("streams", stream.pk, has_synthetic_publisher=True)


def was_started(world: World, stream: Stream) -> bool:
    """Whether somebody came to publish; a stream of the seed shows its picture by itself.

    False also where a real publisher has taken over: then nothing is simulated.
    """
    number = world.store.number(
        "SELECT has_synthetic_publisher FROM streams WHERE row = ?", stream.pk
    )
    return stream.is_simulated and bool(number)


def _cut(world: World, stream_id: str) -> None:
    """Cut a publisher off, if it is there and the fault still strikes."""
    try:
        stream = streams.find(world, stream_id)
    except Refused:  # It was deleted meanwhile.
        return
    if is_publishing(world, stream) and world.faults.strike(
        IngestCut, f"the publisher of {stream_id}", stream=stream_id
    ):
        stop(world, stream, "The connection was cut (a fault).")


def _come_back(world: World, stream_id: str) -> None:
    """On the clock: a refusal was told in an event."""
    try:
        start(world, streams.find(world, stream_id))
    except Refused as refused:
        if refused is world.store.failure:
            raise


def _give_up(world: World, stream_id: str, away: int, reason: str) -> None:
    row = world.store.row(
        "SELECT began_at_ms FROM loop_pauses WHERE row = ? AND ended_at_ms IS NULL", away
    )
    if row is None:
        return
    try:
        streams.end_when_media_stopped(world, stream_id, row["began_at_ms"], reason)
    except Refused as refused:  # It was ended or deleted meanwhile.
        if refused is world.store.failure:
            raise


def _open_pause(world: World, stream: Stream) -> int | None:
    row = world.store.row(
        "SELECT row FROM loop_pauses WHERE media_uid = ? AND ended_at_ms IS NULL", stream.uid
    )
    return None if row is None else int(row["row"])
