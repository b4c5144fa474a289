"""Videos: uploaded, or made from existing media.

A video shows the media with its `uid`: media of its own (`media.py`), or a finished recording.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import (
    VideoCreated,
    VideoDeleted,
    VideoFailed,
    VideoReady,
    VideoUpdated,
)
from emulator.world.library import recordings
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.video import index, media
from emulator.world.video.media import VideoFootage
from emulator.world.video.moves import VideoStatus, check_video
from emulator.world.world import World

Visibility = Literal["public", "unlisted", "followers", "private"]


class Video(Struct, frozen=True):
    """One video.

    `form` is its file's format (`mp4`), `original_name` the name of the uploaded file.

    `poster_ms` is the position of its picture, None for the default. Without media (a draft, or a
    failed video) sizes and duration are 0.
    """

    pk: int
    id: str
    uid: str
    user_pk: int
    title: str
    description: str | None
    visibility: Visibility
    status: VideoStatus
    failure: str | None
    original_name: str
    form: str
    width: int
    height: int
    duration_ms: int
    file_bytes: int
    poster_ms: int | None
    view_count: int
    like_count: int
    tags: tuple[str, ...]
    created_at_ms: int
    updated_at_ms: int


_SELECT = "SELECT * FROM videos"
_PLAIN_FIELDS = ("title", "description", "visibility")


def create(
    world: World, owner: User, patch: Mapping[str, Any], footage: VideoFootage | None = None
) -> Video:
    """Create a video: from an upload's `footage` (`processing`), or from existing media (`ready`).

    `patch` holds the title and other fields; its `cloudflare_video_id` names existing media. With
    neither the video is a draft (`processing`). Refuses (`not_found`) unknown media.
    """
    source = footage or _requested_source(world, owner, patch)
    video_id = world.ids.uuid()
    now_ms = world.now_ms
    with world.change():
        row = world.store.insert(
            "videos",
            id=video_id,
            uid=source.uid if source else world.ids.uid(),
            user_row=owner.pk,
            title=patch["title"],
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        _write(world, row, patch)
        if source is not None:
            _show(world, row, source)
        world.emit(
            VideoCreated(at_ms=now_ms, video_id=video_id, user_id=owner.id, title=patch["title"])
        )
        if footage is not None:
            media.add(world, row, footage.uid, is_source=True)
        elif source is not None:
            _move(world, find(world, video_id), "ready")
    return find(world, video_id)


def find(world: World, video_id: str) -> Video:
    """Return the video with this id. Refuses (`not_found`) an unknown one."""
    row = world.store.row(f"{_SELECT} WHERE videos.id = ?", video_id)
    if row is None:
        raise Refused("not_found", "Video not found")
    return _video(row)


def find_for(world: World, video_id: str, viewer: User | None) -> Video:
    """Return the video with this id if `viewer` may see it. Refuses (`not_found`) any other."""
    video = find(world, video_id)
    if not may_see(world, video, viewer):
        raise Refused("not_found", "Video not found")
    return video


def find_own(world: World, video_id: str, user: User) -> Video:
    """Return the video with this id for its owner. Refuses (`forbidden`) anybody else."""
    video = find_for(world, video_id, user)
    if video.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this video")
    return video


def may_see(world: World, video: Video, viewer: User | None) -> bool:
    """Whether `viewer` may see a video. Everybody who knows its id may see an unlisted one."""
    if viewer is not None and viewer.pk == video.user_pk:
        return True
    if video.status != "ready" or video.visibility == "private":
        return False
    if video.visibility == "followers":
        return viewer is not None and video.user_pk in followed_by(world, viewer)
    return True


def followed_by(world: World, user: User) -> frozenset[int]:
    """Return the primary keys of the users that a user follows."""
    rows = world.store.rows("SELECT followed_row FROM follows WHERE follower_row = ?", user.pk)
    return frozenset(row["followed_row"] for row in rows)


def by_uid(world: World, uid: str) -> Video | None:
    """Return the video to which the media with this uid belongs, or None."""
    row = world.store.row(
        f"{_SELECT} WHERE videos.row = (SELECT video_row FROM video_media WHERE uid = ?)", uid
    )
    return _video(row) if row else None


def by_pks(world: World, rows: Iterable[int]) -> list[Video]:
    """Return these videos in this order."""
    records = [world.store.row(f"{_SELECT} WHERE videos.row = ?", row) for row in rows]
    return [_video(row) for row in records if row is not None]


def update(world: World, video: Video, patch: Mapping[str, Any]) -> Video:
    """Change a video. `cloudflare_video_id` gives a draft its media.

    Refuses (`conflict`) other media for a video that has some, (`not_found`) unknown media.
    """
    source = None
    if patch.get("cloudflare_video_id") not in (None, video.uid):
        if video.status != "processing" or video.form:
            raise Refused("conflict", "This video already has media. Upload another one.")
        source = _requested_source(world, accounts.by_pk(world, video.user_pk), patch)
    now_ms = world.now_ms
    with world.change():
        _write(world, video.pk, patch)
        world.store.update("videos", video.pk, updated_at_ms=now_ms)
        world.emit(VideoUpdated(at_ms=now_ms, video_id=video.id, changed=tuple(sorted(patch))))
        if source is not None:
            _show(world, video.pk, source)
            _move(world, find(world, video.id), "ready")
    return find(world, video.id)


def delete(world: World, video: Video) -> None:
    """Delete a video, media that only it showed, and other users' VODs that showed it."""
    with world.change():
        uids = media.of(world, video.pk)
        world.store.write("DELETE FROM videos WHERE row = ?", video.pk)
        for uid in uids:
            recordings.delete_of_others(world, uid, video.user_pk)
        gone = tuple(uid for uid in uids if not media.is_needed(world, uid))
        world.emit(VideoDeleted(at_ms=world.now_ms, video_id=video.id, uids=gone))
        for uid in gone:
            lose(world, uid)


def delete_of(world: World, user: User) -> None:
    """Delete the videos of a user who is about to be deleted, inside `change`."""
    rows = world.store.rows(f"{_SELECT} WHERE videos.user_row = ? ORDER BY videos.row", user.pk)
    for video in map(_video, rows):
        delete(world, video)


def show(world: World, video: Video, footage: VideoFootage) -> None:
    """Let a video show this complete media, and mark it ready."""
    with world.change():
        _show(world, video.pk, footage)
        _move(world, find(world, video.id), "ready")


def fail(world: World, video: Video, reason: str) -> None:
    """Mark a video as failed. Refuses (`conflict`) one that has failed before."""
    check_video(video.status, "failed")
    with world.change():
        world.store.update(
            "videos", video.pk, status="failed", failure=reason, updated_at_ms=world.now_ms
        )
        world.emit(VideoFailed(at_ms=world.now_ms, video_id=video.id, reason=reason))


def lose(world: World, uid: str) -> None:
    """Mark the videos as failed that show deleted media of others."""
    rows = world.store.rows(
        f"{_SELECT} WHERE videos.uid = ? AND videos.status = 'ready'"
        " AND NOT EXISTS (SELECT 1 FROM video_media WHERE video_media.uid = videos.uid)",
        uid,
    )
    for video in map(_video, rows):
        fail(world, video, "The recording that it showed was deleted.")


def set_poster(world: World, video: Video, poster_ms: int) -> None:
    """Set the position of a video's picture."""
    with world.change():
        world.store.update("videos", video.pk, poster_ms=poster_ms)


def _requested_source(world: World, owner: User, patch: Mapping[str, Any]) -> VideoFootage | None:
    uid = patch.get("cloudflare_video_id")
    if uid is None:
        return None
    shown = world.store.row(f"{_SELECT} WHERE videos.uid = ? AND videos.status = 'ready'", uid)
    if shown is not None and may_see(world, _video(shown), owner):
        video = _video(shown)
        return VideoFootage(
            video.uid, video.form, video.width, video.height, video.duration_ms, video.file_bytes
        )
    return media.of_recording(world, uid, owner)


def _show(world: World, pk: int, source: VideoFootage) -> None:
    world.store.write(
        "UPDATE videos SET uid = ?, form = ?, width = ?, height = ?, duration_ms = ?,"
        " file_bytes = ?, original_name = iif(original_name = '', ?, original_name),"
        " updated_at_ms = ? WHERE row = ?",
        source.uid,
        source.form,
        source.width,
        source.height,
        source.duration_ms,
        source.file_bytes,
        source.name,
        world.now_ms,
        pk,
    )


def _move(world: World, video: Video, to: VideoStatus) -> None:
    check_video(video.status, to)
    world.store.update("videos", video.pk, status=to)
    world.emit(
        VideoReady(
            at_ms=world.now_ms,
            video_id=video.id,
            uid=video.uid,
            duration_ms=video.duration_ms,
        )
    )


def _write(world: World, pk: int, patch: Mapping[str, Any]) -> None:
    world.store.update(
        "videos", pk, **{name: patch[name] for name in _PLAIN_FIELDS if name in patch}
    )
    if "tags" in patch:
        _write_tags(world, pk, patch["tags"] or ())
    [record] = world.store.rows(f"{_SELECT} WHERE videos.row = ?", pk)
    video = _video(record)
    index.write(world, pk, video.title, video.description, video.tags)


def _write_tags(world: World, pk: int, names: Sequence[str]) -> None:
    """Store a video's tags; of tags that differ only in case, the first one."""
    distinct: dict[str, str] = {}
    for tag in names:
        distinct.setdefault(tag.strip().casefold(), tag.strip())
    tags = list(distinct.values())
    world.store.update("videos", pk, tags=json.dumps(tags, ensure_ascii=False))
    world.store.write("DELETE FROM video_tags WHERE video_row = ?", pk)
    for tag in tags:
        world.store.write("INSERT INTO video_tags VALUES (?, ?)", pk, tag)


def select(world: World, where: str, *values: object) -> list[Video]:
    """Return the videos that match an SQL condition, in its order. For the world's own SQL only."""
    return [_video(row) for row in world.store.rows(f"{_SELECT} {where}", *values)]


def _video(row: Row) -> Video:
    return read_row(Video, row, tags=tuple(json.loads(row["tags"])))
