"""Clips: users' cuttings of a stream, each at most a minute long.

A thread cuts them (`media/recording/clips`); until then a clip is `processing`.
"""

from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.library import ClipCreated, ClipDeleted, ClipFailed, ClipReady
from emulator.world.library import recordings
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.rows import read_row
from emulator.world.world import World

ClipStatus = Literal["processing", "ready", "failed"]

LENGTH_MAX_MS = 60_000
WAITING_MAX = 100
# A clip consists of whole frames: less than this missing counts as its full length.
_ROUNDING_MS = 100
# A number from here on (September 2001) is a time since 1970, not a position in the stream.
EPOCH_MIN_MS = 1_000_000_000_000


class Clip(Struct, frozen=True):
    """One clip: `from_ms` to `to_ms` of a stream, counted from its start.

    `uid` is the CDN uid of its media. `is_simulated`: it shows the built-in picture and has no
    files.
    """

    pk: int
    id: str
    uid: str
    stream_pk: int
    stream_id: str
    stream_title: str
    user_pk: int
    title: str
    from_ms: int
    to_ms: int
    status: ClipStatus
    failure: str | None
    view_count: int
    created_at_ms: int
    is_simulated: bool

    @property
    def duration_ms(self) -> int:
        return self.to_ms - self.from_ms


_SELECT = """
SELECT clips.*, streams.id AS stream_id, streams.title AS stream_title
FROM clips JOIN streams ON streams.row = clips.stream_row
"""


def create(world: World, stream: Stream, user: User, title: str, from_ms: int, to_ms: int) -> Clip:
    """Create a clip, from positions in the stream or times (both ms; times since 1970).

    A span that begins before a live stream did is shortened to the existing part: the web client's
    shortest clip is longer than a stream that has just begun. Refuses (`forbidden`) a user who may
    not see the recording, (`invalid`) more than a minute and a span outside of the stream,
    (`conflict`) a user with too many clips, (`unavailable`) a clip while `WAITING_MAX` wait.
    """
    vod = recordings.by_media(world, stream.uid)
    if vod is not None and not recordings.is_for(world, vod, user):
        raise Refused("forbidden", "You are not allowed to see the recording of this stream")
    if from_ms >= EPOCH_MIN_MS and stream.started_at_ms is not None:
        from_ms, to_ms = from_ms - stream.started_at_ms, to_ms - stream.started_at_ms
    from_ms, to_ms = _span(world, stream, from_ms, to_ms)
    _check_room(world, user)
    clip_id = world.ids.uuid()
    with world.change():
        world.store.insert(
            "clips",
            id=clip_id,
            uid=world.ids.uid(),
            stream_row=stream.pk,
            user_row=user.pk,
            title=title,
            from_ms=from_ms,
            to_ms=to_ms,
            created_at_ms=world.now_ms,
        )
        world.emit(
            ClipCreated(at_ms=world.now_ms, clip_id=clip_id, stream_id=stream.id, user_id=user.id)
        )
    return find(world, clip_id)


def simulate(
    world: World,
    stream: Stream,
    user: User,
    title: str,
    span_ms: tuple[int, int],
    view_count: int = 0,
) -> Clip:
    """Create a clip of a simulated stream: it is ready at once and has `view_count` views.

    Refuses what `create` refuses.
    """
    with world.change():
        clip = create(world, stream, user, title, *span_ms)
        world.store.update("clips", clip.pk, is_simulated=True, view_count=view_count)
        finish(world, clip.id, clip.duration_ms)
    return find(world, clip.id)


def find(world: World, clip_id: str) -> Clip:
    """Return the clip with this id. Refuses (`not_found`) an unknown one."""
    row = world.store.row(f"{_SELECT} WHERE clips.id = ?", clip_id)
    if row is None:
        raise Refused("not_found", "Clip not found")
    return _clip(row)


def find_for(world: World, clip_id: str, viewer: User | None) -> Clip:
    """Return the clip with this id if `viewer` may see it. Refuses (`not_found`) any other.

    A clip of a private stream is visible to the stream's owner and the clip's maker.
    """
    row = world.store.row(
        f"{_SELECT} WHERE clips.id = ? AND (streams.visibility != 'private'"
        " OR streams.user_row = ? OR clips.user_row = ?)",
        clip_id,
        viewer.pk if viewer else None,
        viewer.pk if viewer else None,
    )
    if row is None:
        raise Refused("not_found", "Clip not found")
    return _clip(row)


def find_own(world: World, clip_id: str, user: User) -> Clip:
    """Return the clip with this id for its maker. Refuses (`forbidden`) anybody else."""
    clip = find_for(world, clip_id, user)
    if clip.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this clip")
    return clip


def watch(world: World, clip: Clip) -> Clip:
    """Count one view."""
    sql = "UPDATE clips SET view_count = view_count + 1 WHERE row = ?"
    world.store.note(partial(world.store.write, sql, clip.pk))
    return find(world, clip.id)


def of_stream(world: World, stream: Stream, *, offset: int, count: int) -> tuple[list[Clip], int]:
    """Return one page of a stream's clips, newest first, and their total."""
    rows = world.store.rows(
        f"{_SELECT} WHERE clips.stream_row = ?"
        " ORDER BY clips.created_at_ms DESC, clips.row DESC LIMIT ? OFFSET ?",
        stream.pk,
        count,
        offset,
    )
    return [_clip(row) for row in rows], count_of(world, stream.pk)


def of_user(
    world: World, user: User, viewer: User | None, *, offset: int, count: int
) -> tuple[list[Clip], int]:
    """Return one page of the clips that a user made, newest first, and their total.

    Clips of private streams are only visible to their maker.
    """
    where = "clips.user_row = ? AND (streams.visibility != 'private' OR clips.user_row = ?)"
    values = (user.pk, viewer.pk if viewer else None)
    rows = world.store.rows(
        f"{_SELECT} WHERE {where}"
        " ORDER BY clips.created_at_ms DESC, clips.row DESC LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(
        f"SELECT count(*) FROM clips JOIN streams ON streams.row = clips.stream_row WHERE {where}",
        *values,
    )
    return [_clip(row) for row in rows], total


def popular(world: World, count: int) -> list[Clip]:
    """Return the most viewed clips of public streams; of equal ones the newest first."""
    rows = world.store.rows(
        f"{_SELECT} WHERE clips.status = 'ready' AND streams.visibility = 'public'"
        " ORDER BY clips.view_count DESC, clips.row DESC LIMIT ?",
        count,
    )
    return [_clip(row) for row in rows]


def count_of(world: World, stream_pk: int) -> int:
    """Return how many clips a stream has."""
    return world.store.number("SELECT count(*) FROM clips WHERE stream_row = ?", stream_pk)


def unfinished(world: World) -> list[Clip]:
    """Return the clips that are not cut yet, oldest first."""
    rows = world.store.rows(f"{_SELECT} WHERE clips.status = 'processing' ORDER BY clips.row")
    return [_clip(row) for row in rows]


def by_uid(world: World, uid: str) -> Clip | None:
    """Return the clip with this CDN uid, or None."""
    row = world.store.row(f"{_SELECT} WHERE clips.uid = ?", uid)
    return _clip(row) if row else None


def finish(world: World, clip_id: str, length_ms: int) -> None:
    """Mark a clip as ready. It is shorter than requested if the stream's media is.

    Refuses (`not_found`) a clip that was deleted in the meantime.
    """
    clip = find(world, clip_id)
    if clip.duration_ms - length_ms <= _ROUNDING_MS:
        length_ms = clip.duration_ms
    with world.change():
        world.store.write(
            "UPDATE clips SET status = 'ready', to_ms = from_ms + ? WHERE id = ?",
            length_ms,
            clip_id,
        )
        world.emit(ClipReady(at_ms=world.now_ms, clip_id=clip_id))


def fail(world: World, clip_id: str, reason: str) -> None:
    """Mark a clip as failed. Refuses (`not_found`) one that was deleted in the meantime."""
    find(world, clip_id)
    with world.change():
        world.store.write(
            "UPDATE clips SET status = 'failed', failure = ? WHERE id = ?", reason, clip_id
        )
        world.emit(ClipFailed(at_ms=world.now_ms, clip_id=clip_id, reason=reason))


def delete(world: World, clip: Clip) -> None:
    """Delete a clip and its media."""
    with world.change():
        world.store.write("DELETE FROM clips WHERE row = ?", clip.pk)
        world.emit(ClipDeleted(at_ms=world.now_ms, clip_id=clip.id, uid=clip.uid))


def delete_of(world: World, stream_pk: int) -> None:
    """Delete the clips of a stream that is about to be deleted, inside `change`."""
    for row in world.store.rows(f"{_SELECT} WHERE clips.stream_row = ?", stream_pk):
        delete(world, _clip(row))


def delete_of_user(world: World, user: User) -> None:
    """Delete the clips of a user who is about to be deleted, inside `change`."""
    for row in world.store.rows(f"{_SELECT} WHERE clips.user_row = ?", user.pk):
        delete(world, _clip(row))


def _check_room(world: World, user: User) -> None:
    count = world.store.number("SELECT count(*) FROM clips WHERE user_row = ?", user.pk)
    if count >= world.rules.clips_per_user_max:
        raise Refused("conflict", f"You have {count} clips. Delete some.")
    waiting = world.store.number("SELECT count(*) FROM clips WHERE status = 'processing'")
    if waiting >= WAITING_MAX:
        message = f"{waiting} clips are waiting to be cut. Try again later."
        raise Refused("unavailable", message, retry_after_seconds=5)


def _span(world: World, stream: Stream, from_ms: int, to_ms: int) -> tuple[int, int]:
    """Return the part of a span that the stream has. Refuses (`invalid`) a bad span."""
    if to_ms <= from_ms:
        raise Refused("invalid", "A clip must end after it begins", field="end_time")
    if to_ms - from_ms > LENGTH_MAX_MS:
        message = f"A clip is at most {LENGTH_MAX_MS // 1000} s long"
        raise Refused("invalid", message, field="end_time")
    length_ms = _length_ms(world, stream)
    if from_ms < 0 < to_ms and length_ms and stream.status == "live":
        return 0, min(to_ms, length_ms)
    if from_ms < 0 or to_ms > length_ms:
        message = f"This is outside of the stream, which is {length_ms / 1000:.3f} s long"
        raise Refused("invalid", message, field="start_time" if from_ms < 0 else "end_time")
    return from_ms, to_ms


def _length_ms(world: World, stream: Stream) -> int:
    """Return how much media (ms) a stream has to cut from."""
    if not stream.has_media or stream.started_at_ms is None:
        return 0
    if stream.ended_at_ms is None:
        return world.now_ms - stream.started_at_ms
    vod = recordings.by_media(world, stream.uid)
    if vod is None:
        return 0
    return vod.duration_ms or stream.ended_at_ms - stream.started_at_ms


_clip = partial(read_row, Clip)
