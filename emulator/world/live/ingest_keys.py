"""Ingest keys: whether a publisher may publish, decided before a publish is accepted."""

from functools import partial

from emulator.core.errors import Refused
from emulator.core.events.live import PublisherJoined, PublisherLeft, PublishRefused
from emulator.world.faults.ingest import IngestRefuse
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World


def authorize(world: World, key: str, *, is_publishing: bool) -> Stream:
    """Return the stream of this key, if it may be published to now.

    `is_publishing`: a publisher of this stream is connected and alive. Refuses (`not_found`) an
    unknown or missing key, (`conflict`) the key of an ended stream, or a second publisher,
    (`unavailable`) a publisher that a fault strikes. Each refusal is journalled, never with the
    key.
    """
    try:
        stream = _find(world, key)
        _check(world, stream, is_publishing=is_publishing)
    except Refused as refused:
        world.store.note(partial(_note_refused, world, refused))
        raise
    return stream


def note_joined(world: World, stream_id: str, protocol: str, *, is_return: bool) -> None:
    """Journal that a publisher was accepted."""
    with world.change():
        world.emit(
            PublisherJoined(
                at_ms=world.now_ms, stream_id=stream_id, protocol=protocol, is_return=is_return
            )
        )


def note_left(world: World, stream_id: str, reason: str) -> None:
    """Journal that a publisher has left."""
    with world.change():
        world.emit(PublisherLeft(at_ms=world.now_ms, stream_id=stream_id, reason=reason))


def _note_refused(world: World, refused: Refused) -> None:
    world.emit(
        PublishRefused(
            at_ms=world.now_ms,
            stream_id=refused.details.get("stream_id"),
            code=refused.code,
            message=refused.message,
        )
    )


def _find(world: World, key: str) -> Stream:
    if not key:
        raise Refused("not_found", "The stream key is missing. Paste it from the stream's page.")
    stream = streams.by_key(world, key)
    if stream is None:
        raise Refused(
            "not_found", "This stream key is unknown. Copy it again from the stream's page."
        )
    return stream


def _check(world: World, stream: Stream, *, is_publishing: bool) -> None:
    if stream.status == "ended":
        raise Refused(
            "conflict",
            "This stream has ended, and ended is final. Create a new stream and use its key.",
            stream_id=stream.id,
        )
    if world.faults.are_on and world.faults.strike(
        IngestRefuse, f"a publisher of {stream.id}", stream=stream.id
    ):
        raise Refused(
            "unavailable",
            "The server accepts no publishers at the moment. Try again later.",
            stream_id=stream.id,
        )
    if is_publishing and not world.rules.is_takeover_allowed:
        raise Refused(
            "conflict",
            "Somebody is publishing with this key already. Stop them first, or serve --takeover.",
            stream_id=stream.id,
            is_in_use=True,
        )
