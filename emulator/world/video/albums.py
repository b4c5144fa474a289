"""Albums: a user's ordered collections of videos, own and others'."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import AlbumChanged, AlbumCreated, AlbumDeleted
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.video import videos
from emulator.world.video.videos import Video, Visibility
from emulator.world.world import World

VIDEOS_MAX = 500
_PLAIN_FIELDS = ("title", "description", "visibility")


class Album(Struct, frozen=True):
    """One album. `shown` returns the videos of it that a viewer may see."""

    pk: int
    id: str
    user_pk: int
    title: str
    description: str | None
    visibility: Visibility
    created_at_ms: int


def create(world: World, owner: User, patch: Mapping[str, Any]) -> Album:
    """Create an empty album."""
    album_id = world.ids.uuid()
    now_ms = world.now_ms
    with world.change():
        row = world.store.insert(
            "albums", id=album_id, user_row=owner.pk, title=patch["title"], created_at_ms=now_ms
        )
        _write(world, row, patch)
        world.emit(AlbumCreated(at_ms=now_ms, album_id=album_id, user_id=owner.id))
    return _find(world, album_id)


def find_for(world: World, album_id: str, viewer: User | None) -> Album:
    """Return the album with this id if `viewer` may see it. Refuses (`not_found`) any other."""
    album = _find(world, album_id)
    is_own = viewer is not None and viewer.pk == album.user_pk
    is_followed = (
        album.visibility == "followers"
        and viewer is not None
        and album.user_pk in videos.followed_by(world, viewer)
    )
    if not (is_own or is_followed or album.visibility in {"public", "unlisted"}):
        raise Refused("not_found", "Album not found")
    return album


def find_own(world: World, album_id: str, user: User) -> Album:
    """Return the album with this id for its owner. Refuses (`forbidden`) anybody else."""
    album = find_for(world, album_id, user)
    if album.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this album")
    return album


def page(world: World, viewer: User | None, *, offset: int, count: int) -> tuple[list[Album], int]:
    """Return one page of public albums and the viewer's own, newest first, and their total."""
    where, values = "visibility = 'public'", list[object]()
    if viewer is not None:
        where, values = "(visibility = 'public' OR user_row = ?)", [viewer.pk]
    rows = world.store.rows(
        f"SELECT * FROM albums WHERE {where} ORDER BY created_at_ms DESC, row DESC"
        " LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM albums WHERE {where}", *values)
    return [_album(row) for row in rows], total


def update(world: World, album: Album, patch: Mapping[str, Any]) -> Album:
    """Change an album's title, description or visibility."""
    with world.change():
        _write(world, album.pk, patch)
        world.emit(
            AlbumChanged(at_ms=world.now_ms, album_id=album.id, changed=tuple(sorted(patch)))
        )
    return _find(world, album.id)


def delete(world: World, album: Album) -> None:
    """Delete an album; its videos stay."""
    with world.change():
        world.store.write("DELETE FROM albums WHERE row = ?", album.pk)
        world.emit(AlbumDeleted(at_ms=world.now_ms, album_id=album.id))


def shown(world: World, album: Album, viewer: User | None) -> list[Video]:
    """Return the album's videos that `viewer` may see, in their order."""
    return [
        video
        for video in videos.by_pks(world, _rows(world, album))
        if videos.may_see(world, video, viewer)
    ]


def add(world: World, album: Album, video: Video, position: int | None) -> None:
    """Insert a video at a position (from 0); None appends it.

    Refuses (`conflict`) a video that is already in the album, and more than `VIDEOS_MAX`.
    """
    rows = _rows(world, album)
    if video.pk in rows:
        raise Refused("conflict", "This video is already in the album")
    if len(rows) >= VIDEOS_MAX:
        raise Refused("conflict", f"An album holds at most {VIDEOS_MAX} videos")
    rows.insert(len(rows) if position is None else position, video.pk)
    with world.change():
        _arrange(world, album, rows)


def remove(world: World, album: Album, video_id: str) -> None:
    """Remove a video. Refuses (`not_found`) one that is not in the album."""
    row = world.store.row("SELECT row FROM videos WHERE id = ?", video_id)
    rows = _rows(world, album)
    if row is None or row["row"] not in rows:
        raise Refused("not_found", "This video is not in the album")
    rows.remove(row["row"])
    with world.change():
        _arrange(world, album, rows)


def _find(world: World, album_id: str) -> Album:
    row = world.store.row("SELECT * FROM albums WHERE id = ?", album_id)
    if row is None:
        raise Refused("not_found", "Album not found")
    return _album(row)


def _rows(world: World, album: Album) -> list[int]:
    rows = world.store.rows(
        "SELECT video_row FROM album_videos WHERE album_row = ? ORDER BY position", album.pk
    )
    return [row["video_row"] for row in rows]


def _arrange(world: World, album: Album, rows: list[int]) -> None:
    world.store.write("DELETE FROM album_videos WHERE album_row = ?", album.pk)
    for position, row in enumerate(rows):
        world.store.write("INSERT INTO album_videos VALUES (?, ?, ?)", album.pk, row, position)
    world.emit(AlbumChanged(at_ms=world.now_ms, album_id=album.id, changed=("videos",)))


def _write(world: World, pk: int, patch: Mapping[str, Any]) -> None:
    world.store.update(
        "albums", pk, **{name: patch[name] for name in _PLAIN_FIELDS if name in patch}
    )


_album = partial(read_row, Album)
