"""Clips: up to a minute of a stream that somebody found worth keeping.

What is cut is cut in a thread (`media/recording/clips`); a clip is `processing` until then.
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
# A clip is whole frames: where less than this is missing, nothing is.
_ROUNDING_MS = 100
# An instant rather than a position is one after 2001.
EPOCH_MIN_MS = 1_000_000_000_000


class Clip(Struct, frozen=True):
    """From `from_ms` to `to_ms` of a stream, counted from its start. `uid`: where its media is.

    `is_simulated`: it has no files, since it is the built-in picture.
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
    """Have a clip made, of positions in the stream or of instants (milliseconds since 1970).

    A span that begins before a live stream did is cut to what is there: the web client's shortest
    clip is longer than a young stream. Refuses (`forbidden`) a user who may not see the recording,
    (`invalid`) more than a minute and what is outside the stream, (`conflict`) a user's one too
    many, (`unavailable`) a clip while `WAITING_MAX` wait.
    """
    vod = recordings.by_media(world, stream.uid)
    if vod is not None and not recordings.is_for(world, vod, user):
        raise Refused("forbidden", "The recording of this stream is not for everybody")
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
    """Make a clip of a simulated stream that is ready at once, watched so often, and not cut.

    Refuses what `create` refuses.
    """
    with world.change():
        clip = create(world, stream, user, title, *span_ms)
        world.store.update("clips", clip.pk, is_simulated=True, view_count=view_count)
        finish(world, clip.id, clip.duration_ms)
    return find(world, clip.id)


def find(world: World, clip_id: str) -> Clip:
    """The clip with this id. Refuses (`not_found`) an unknown one."""
    row = world.store.row(f"{_SELECT} WHERE clips.id = ?", clip_id)
    if row is None:
        raise Refused("not_found", "Clip not found")
    return _clip(row)


def find_for(world: World, clip_id: str, viewer: User | None) -> Clip:
    """The clip with this id, as `viewer` may see it; a private stream's: its owner and maker."""
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
    """The clip with this id, for its maker. Refuses (`forbidden`) anybody else."""
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
    """One page of a stream's clips, the newest first, and how many there are."""
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
    """One page of the clips that a user made, the newest first, and how many there are.

    Clips of others' private streams show to their makers.
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
    """The clips of public streams that most people watched, of equal ones the newest."""
    rows = world.store.rows(
        f"{_SELECT} WHERE clips.status = 'ready' AND streams.visibility = 'public'"
        " ORDER BY clips.view_count DESC, clips.row DESC LIMIT ?",
        count,
    )
    return [_clip(row) for row in rows]


def count_of(world: World, stream_pk: int) -> int:
    """How many clips were made of a stream."""
    return world.store.number("SELECT count(*) FROM clips WHERE stream_row = ?", stream_pk)


def unfinished(world: World) -> list[Clip]:
    """Those that are to be cut, the oldest first."""
    rows = world.store.rows(f"{_SELECT} WHERE clips.status = 'processing' ORDER BY clips.row")
    return [_clip(row) for row in rows]


def by_uid(world: World, uid: str) -> Clip | None:
    """The clip whose CDN uid this is."""
    row = world.store.row(f"{_SELECT} WHERE clips.uid = ?", uid)
    return _clip(row) if row else None


def finish(world: World, clip_id: str, length_ms: int) -> None:
    """It can be watched. It is shorter than was wished where the stream's media is.

    Refuses (`not_found`) one that was deleted meanwhile.
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
    """It cannot be cut. Refuses (`not_found`) one that was deleted meanwhile."""
    find(world, clip_id)
    with world.change():
        world.store.write(
            "UPDATE clips SET status = 'failed', failure = ? WHERE id = ?", reason, clip_id
        )
        world.emit(ClipFailed(at_ms=world.now_ms, clip_id=clip_id, reason=reason))


def delete(world: World, clip: Clip) -> None:
    """Remove a clip; its media goes, too."""
    with world.change():
        world.store.write("DELETE FROM clips WHERE row = ?", clip.pk)
        world.emit(ClipDeleted(at_ms=world.now_ms, clip_id=clip.id, uid=clip.uid))


def delete_of(world: World, stream_pk: int) -> None:
    """Remove the clips of a stream that is about to be deleted, inside `change`."""
    for row in world.store.rows(f"{_SELECT} WHERE clips.stream_row = ?", stream_pk):
        delete(world, _clip(row))


def delete_of_user(world: World, user: User) -> None:
    """Remove the clips of a user who is about to be deleted, inside `change`."""
    for row in world.store.rows(f"{_SELECT} WHERE clips.user_row = ?", user.pk):
        delete(world, _clip(row))


def _check_room(world: World, user: User) -> None:
    count = world.store.number("SELECT count(*) FROM clips WHERE user_row = ?", user.pk)
    if count >= world.rules.clips_per_user_max:
        raise Refused("conflict", f"You have {count} clips. Delete some.")
    waiting = world.store.number("SELECT count(*) FROM clips WHERE status = 'processing'")
    if waiting >= WAITING_MAX:
        message = f"{waiting} clips wait to be cut. Try again."
        raise Refused("unavailable", message, retry_after_seconds=5)


def _span(world: World, stream: Stream, from_ms: int, to_ms: int) -> tuple[int, int]:
    """The part of a span that the stream has. Refuses (`invalid`)."""
    if to_ms <= from_ms:
        raise Refused("invalid", "A clip ends after it has begun", field="end_time")
    if to_ms - from_ms > LENGTH_MAX_MS:
        message = f"A clip is at most {LENGTH_MAX_MS // 1000} s long"
        raise Refused("invalid", message, field="end_time")
    length_ms = _length_ms(world, stream)
    if from_ms < 0 < to_ms and length_ms and stream.status == "live":
        return 0, min(to_ms, length_ms)
    if from_ms < 0 or to_ms > length_ms:
        message = f"The stream is {length_ms / 1000:.3f} s long: this is outside it"
        raise Refused("invalid", message, field="start_time" if from_ms < 0 else "end_time")
    return from_ms, to_ms


def _length_ms(world: World, stream: Stream) -> int:
    """How much of a stream there is to cut from."""
    if not stream.has_media or stream.started_at_ms is None:
        return 0
    if stream.ended_at_ms is None:
        return world.now_ms - stream.started_at_ms
    vod = recordings.by_media(world, stream.uid)
    if vod is None:
        return 0
    return vod.duration_ms or stream.ended_at_ms - stream.started_at_ms


_clip = partial(read_row, Clip)
