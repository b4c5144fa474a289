"""Live renditions: the other sizes of a live stream, each with a CDN uid of its own.

When the stream's VOD is complete, it takes them over (`library.renditions.adopt`).
"""

from msgspec import Struct

from emulator.core.events.live import RenditionBegan, RenditionDropped
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.store.journal import Row
from emulator.world.world import World


class LiveRendition(Struct, frozen=True):
    """One size of a stream. `name` is its height, such as `480p`."""

    uid: str
    name: str
    width: int
    height: int


def begin(world: World, stream: Stream, name: str, width: int, height: int) -> LiveRendition:
    """Record that a stream is now also produced in this size."""
    rendition = LiveRendition(world.ids.uid(), name, width, height)
    with world.change():
        world.store.insert(
            "live_renditions",
            uid=rendition.uid,
            stream_row=stream.pk,
            name=name,
            width=width,
            height=height,
        )
        world.emit(
            RenditionBegan(at_ms=world.now_ms, stream_id=stream.id, uid=rendition.uid, name=name)
        )
    return rendition


def drop(world: World, stream_id: str, uid: str, reason: str) -> None:
    """Record that a rendition is no longer produced; its media is deleted.

    Does nothing for an unknown uid.
    """
    if by_uid(world, uid) is None:
        return
    with world.change():
        world.store.write("DELETE FROM live_renditions WHERE uid = ?", uid)
        world.emit(
            RenditionDropped(at_ms=world.now_ms, stream_id=stream_id, uid=uid, reason=reason)
        )


def of(world: World, stream: Stream) -> list[LiveRendition]:
    """Return a stream's renditions, largest first."""
    rows = world.store.rows(
        "SELECT * FROM live_renditions WHERE stream_row = ? ORDER BY height DESC", stream.pk
    )
    return [_rendition(row) for row in rows]


def by_uid(world: World, uid: str) -> LiveRendition | None:
    row = world.store.row("SELECT * FROM live_renditions WHERE uid = ?", uid)
    return None if row is None else _rendition(row)


def stream_of(world: World, uid: str) -> Stream | None:
    """Return the stream to which this rendition belongs, or None."""
    row = world.store.row(
        "SELECT streams.id FROM live_renditions JOIN streams ON streams.row = stream_row"
        " WHERE live_renditions.uid = ?",
        uid,
    )
    return None if row is None else streams.find(world, row["id"])


def _rendition(row: Row) -> LiveRendition:
    return LiveRendition(row["uid"], row["name"], row["width"], row["height"])
