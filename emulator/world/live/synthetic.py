"""Synthetic publishers: they publish the built-in picture without running an encoder.

They are for clocks that jump: a stream of hours costs nothing. Such a publisher comes, drops and
leaves with the same events as a real one; its media is made only when somebody plays it
(`media/recording/simulated`).
"""

from functools import partial

from emulator.core.errors import Refused
from emulator.world.faults.ingest import IngestCut
from emulator.world.live import ingest_keys, streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

PROTOCOL = "synthetic"

# A time (ms) in which nothing was shown, from begin to end; the end is None while it lasts.
Pause = tuple[int, int | None]


def start(world: World, stream: Stream) -> Stream:
    """Start publishing with the stream's key: the stream is live at once, or again.

    Refuses (`conflict`) a stream that has ended, or that has a publisher.
    """
    has_publisher = is_publishing(world, stream)
    ingest_keys.authorize(world, stream.stream_key, is_publishing=has_publisher)
    pause_pk = _open_pause(world, stream)
    with world.change():
        ingest_keys.note_joined(world, stream.id, PROTOCOL, is_return=pause_pk is not None)
        if pause_pk is not None:
            world.store.update("loop_pauses", pause_pk, ended_at_ms=world.now_ms)
        else:
            _begin(world, stream)
    for cut in world.faults.on(IngestCut):
        if cut.fault.meets({"stream": stream.id}):
            due_ms = world.now_ms + cut.fault.after_ms
            world.clock.call_at(due_ms, lambda: world.insist(lambda: _cut(world, stream.id)))
            break
    return streams.find(world, stream.id)


def is_publishing(world: World, stream: Stream) -> bool:
    """Whether a synthetic publisher is connected; the picture of a seeded stream counts as one."""
    is_shown = stream.status == "live" and stream.is_simulated
    return is_shown and _open_pause(world, stream) is None


def stop(world: World, stream: Stream, reason: str = "the publisher stopped") -> None:
    """Stop publishing. The stream ends if no publisher returns within the reconnect window.

    Refuses (`conflict`) a stream without a synthetic publisher.
    """
    stream = streams.find(world, stream.id)
    if not is_publishing(world, stream):
        raise Refused("conflict", "This stream has no synthetic publisher.", stream_id=stream.id)
    stopped_ms = world.now_ms
    with world.change():
        ingest_keys.note_left(world, stream.id, reason)
        pause_pk = world.store.insert("loop_pauses", media_uid=stream.uid, began_at_ms=stopped_ms)
    due_ms = stopped_ms + world.rules.reconnect_window_ms
    give_up = partial(_give_up, world, stream.id, pause_pk, reason)
    world.clock.call_at(due_ms, lambda: world.insist(give_up))


def drop(world: World, stream: Stream, back_after_ms: int) -> None:
    """Stop publishing, and come back `back_after_ms` later, if the stream has not ended by then."""
    stop(world, stream, "the connection broke")
    come_back = partial(_come_back, world, stream.id)
    world.clock.call_at(world.now_ms + back_after_ms, lambda: world.insist(come_back))


def break_off(world: World, kind: str) -> None:
    """Cut off the publishers that a fault of this kind, which has just begun, applies to."""
    if kind == IngestCut.kind:
        for stream in streams.live(world):
            if was_started(world, stream):
                _cut(world, stream.id)


def end_abandoned(world: World) -> None:
    """End the streams that waited for a synthetic publisher when the process was stopped."""
    for stream in streams.live(world):
        pause_pk = _open_pause(world, stream)
        if pause_pk is not None:
            _give_up(world, stream.id, pause_pk, "the emulator stopped while it waited")


def pauses(world: World, uid: str) -> tuple[Pause, ...]:
    """Return the times in which this media's picture was not shown, in order."""
    rows = world.store.rows(
        "SELECT began_at_ms, ended_at_ms FROM loop_pauses WHERE media_uid = ? ORDER BY row", uid
    )
    return tuple((row["began_at_ms"], row["ended_at_ms"]) for row in rows)


def _begin(world: World, stream: Stream) -> None:
    if stream.status == "live" and stream.started_at_ms is not None:
        # The stream was live by the API, but had nothing to show until now.
        world.store.insert(
            "loop_pauses",
            media_uid=stream.uid,
            began_at_ms=stream.started_at_ms,
            ended_at_ms=world.now_ms,
        )
    streams.simulate(world, stream)
    world.store.update("streams", stream.pk, has_synthetic_publisher=True)


def was_started(world: World, stream: Stream) -> bool:
    """Whether a synthetic publisher was started here. A seeded stream needs none for its picture.

    False once a real publisher has taken over: then nothing is simulated.
    """
    number = world.store.number(
        "SELECT has_synthetic_publisher FROM streams WHERE row = ?", stream.pk
    )
    return stream.is_simulated and bool(number)


def _cut(world: World, stream_id: str) -> None:
    """Cut off the publisher, if it is connected and the fault still strikes."""
    try:
        stream = streams.find(world, stream_id)
    except Refused:  # It was deleted in the meantime.
        return
    if is_publishing(world, stream) and world.faults.strike(
        IngestCut, f"the publisher of {stream_id}", stream=stream_id
    ):
        stop(world, stream, "The connection was cut (a fault).")


def _come_back(world: World, stream_id: str) -> None:
    """Publish again. A refusal is ignored here: it was already journalled."""
    try:
        start(world, streams.find(world, stream_id))
    except Refused as refused:
        if refused is world.store.failure:
            raise


def _give_up(world: World, stream_id: str, pause_pk: int, reason: str) -> None:
    row = world.store.row(
        "SELECT began_at_ms FROM loop_pauses WHERE row = ? AND ended_at_ms IS NULL", pause_pk
    )
    if row is None:
        return
    try:
        streams.end_when_media_stopped(world, stream_id, row["began_at_ms"], reason)
    except Refused as refused:  # It was ended or deleted in the meantime.
        if refused is world.store.failure:
            raise


def _open_pause(world: World, stream: Stream) -> int | None:
    row = world.store.row(
        "SELECT row FROM loop_pauses WHERE media_uid = ? AND ended_at_ms IS NULL", stream.uid
    )
    return None if row is None else int(row["row"])
