"""Thumbnails: pictures added to a VOD: a frame of it, or an uploaded file."""

from functools import partial

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.library import ThumbnailAdded
from emulator.world.library.recordings import Vod
from emulator.world.store.rows import read_row
from emulator.world.world import World

THUMBNAILS_MAX = 50


class Thumbnail(Struct, frozen=True):
    """One thumbnail. Without `position_ms` it is a file of the type `media_type`."""

    uid: str
    position_ms: int | None
    media_type: str | None
    width: int
    height: int


_COLUMNS = "uid, position_ms, media_type, width, height"


def of(world: World, vod: Vod) -> list[Thumbnail]:
    """Return a VOD's added thumbnails, oldest first; the last one is shown for the VOD."""
    rows = world.store.rows(
        f"SELECT {_COLUMNS} FROM thumbnails WHERE vod_row = ? ORDER BY row", vod.pk
    )
    return [_thumbnail(row) for row in rows]


def latest(world: World, vod: Vod) -> Thumbnail | None:
    """Return the thumbnail that is shown for a VOD, None if none was added."""
    row = world.store.row(
        f"SELECT {_COLUMNS} FROM thumbnails WHERE vod_row = ? ORDER BY row DESC LIMIT 1", vod.pk
    )
    return _thumbnail(row) if row else None


def add_instant(world: World, vod: Vod, position_ms: int, size: tuple[int, int]) -> Thumbnail:
    """Add a frame of the VOD.

    Refuses (`invalid`) a position outside of the VOD, (`conflict`) one thumbnail too many.
    """
    if not 0 <= position_ms <= vod.duration_ms:
        message = f"This is outside of the video, which is {vod.duration_ms / 1000:.3f} s long"
        raise Refused("invalid", message, field="time_seconds")
    return _add(world, vod, size, position_ms=position_ms)


def add_file(
    world: World, vod: Vod, content: bytes, media_type: str, size: tuple[int, int]
) -> Thumbnail:
    """Add a file; the caller has checked that it is a picture.

    Refuses (`conflict`) one too many.
    """
    return _add(world, vod, size, content=content, media_type=media_type)


def content(world: World, uid: str) -> tuple[str, bytes]:
    """Return a file's media type and bytes. Refuses (`not_found`) any other uid."""
    row = world.store.row(
        "SELECT media_type, content FROM thumbnails WHERE uid = ? AND content IS NOT NULL", uid
    )
    if row is None:
        raise Refused("not_found", "Not Found")
    return row["media_type"], row["content"]


def _add(
    world: World,
    vod: Vod,
    size: tuple[int, int],
    *,
    position_ms: int | None = None,
    content: bytes | None = None,
    media_type: str | None = None,
) -> Thumbnail:
    if len(of(world, vod)) >= THUMBNAILS_MAX:
        raise Refused("conflict", f"A VOD has at most {THUMBNAILS_MAX} added thumbnails.")
    uid = world.ids.uid()
    with world.change():
        world.store.write(
            "INSERT INTO thumbnails (uid, vod_row, position_ms, media_type, content, width,"
            " height, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            uid,
            vod.pk,
            position_ms,
            media_type,
            content,
            *size,
            world.now_ms,
        )
        world.emit(ThumbnailAdded(at_ms=world.now_ms, vod_id=vod.id, uid=uid))
    return Thumbnail(uid, position_ms, media_type, *size)


_thumbnail = partial(read_row, Thumbnail)
