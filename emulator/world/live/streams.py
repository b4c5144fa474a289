"""Streams: created by a user, made live by a publisher, and ended for good."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.live import (
    StreamCreated,
    StreamEnded,
    StreamKeyRotated,
    StreamUpdated,
    StreamWentLive,
)
from emulator.world.audience import attendance
from emulator.world.library import recordings
from emulator.world.live import categories, tags
from emulator.world.live.moves import Move, Status, after
from emulator.world.people import notifications
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row, Store
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World

Visibility = Literal["public", "unlisted", "private"]


class Stream(Struct, frozen=True):
    """One stream. Times are milliseconds since 1970.

    `has_media`: there is something to watch. `is_simulated`: it shows the built-in picture instead
    of a publisher's media. `scheduled_minutes` is its planned length. `media_ms` is the length of
    its recording's media, once that is ready.
    """

    pk: int
    id: str
    uid: str
    stream_key: str
    user_pk: int
    category_pk: int | None
    category_id: str | None
    title: str
    description: str | None
    status: Status
    visibility: Visibility
    thumbnail_url: str | None
    peak_viewer_count: int
    scheduled_start_ms: int | None
    scheduled_minutes: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int
    vod_id: str | None
    media_ms: int | None
    is_mature: bool
    has_media: bool
    is_simulated: bool


class _StreamCache(TableCache[object, Stream]):
    """Cached streams, by id and by primary key."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.watch("streams", "vods", "categories", "users", "follows"))


class StreamPatch(Struct, frozen=True):
    """A user's changes of a stream. Fields that are not in `changes` stay as they are."""

    changes: Mapping[str, Any]


# In the order of `Stream`'s fields; the bools, which SQLite stores as numbers, are last.
_SELECT = """
SELECT streams.row, streams.id, streams.uid, streams.stream_key, streams.user_row,
    streams.category_row, categories.id, streams.title, streams.description, streams.status,
    streams.visibility, streams.thumbnail_url, streams.peak_viewer_count,
    streams.scheduled_start_ms, streams.scheduled_minutes, streams.started_at_ms,
    streams.ended_at_ms, streams.created_at_ms, streams.updated_at_ms,
    (SELECT vods.id FROM vods WHERE vods.stream_row = streams.row AND vods.status != 'deleted'
        ORDER BY vods.row LIMIT 1),
    streams.media_ms,
    streams.is_mature, streams.has_media, streams.is_simulated
FROM streams LEFT JOIN categories ON categories.row = streams.category_row
"""
_BOOLS_FROM = 21

_PLAIN_FIELDS = (
    "title",
    "description",
    "thumbnail_url",
    "is_mature",
    "visibility",
    "scheduled_start_ms",
    "scheduled_minutes",
)


def create(world: World, owner: User, patch: StreamPatch) -> Stream:
    """Create an offline stream with a new stream key.

    Refuses (`conflict`) more streams that have not ended than the rules allow (one, by default),
    (`not_found`) an unknown category.
    """
    _check_room_for_another(world, owner)
    category_pk = _category_pk(world, patch)
    now_ms = world.now_ms
    stream_id = world.ids.uuid()
    with world.change():
        row = world.store.insert(
            "streams",
            id=stream_id,
            uid=world.ids.uid(),
            stream_key=world.ids.stream_key(),
            user_row=owner.pk,
            category_row=category_pk,
            title=patch.changes["title"],
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        _write_changes(world, row, patch)
        world.emit(
            StreamCreated(
                at_ms=now_ms, stream_id=stream_id, user_id=owner.id, title=patch.changes["title"]
            )
        )
    return find(world, stream_id)


def find(world: World, stream_id: str) -> Stream:
    """Return the stream with this id. Refuses (`not_found`) an unknown one."""
    known = world.memory(_StreamCache).values()
    stream = known.get(stream_id)
    if stream is None:
        stream = _one(world, "WHERE streams.id = ?", stream_id)
        if stream is None:
            raise Refused("not_found", "Stream not found")
        known[stream_id] = known[stream.pk] = stream
    return stream


def by_pks(world: World, pks: Sequence[int]) -> list[Stream]:
    """Return these streams in this order."""
    known = world.memory(_StreamCache).values()
    unknown = [pk for pk in pks if pk not in known]
    if unknown:
        wanted = "WHERE streams.row IN (SELECT value FROM json_each(?))"
        for stream in select(world, wanted, json.dumps(unknown)):
            known[stream.id] = known[stream.pk] = stream
    return [known[pk] for pk in pks]


def find_for(world: World, stream_id: str, viewer: User | None) -> Stream:
    """Return the stream with this id if `viewer` may see it.

    Refuses (`not_found`) an unknown one, and a private one to all but its owner.
    """
    stream = find(world, stream_id)
    if stream.visibility == "private" and not is_owner(stream, viewer):
        raise Refused("not_found", "Stream not found")
    return stream


def find_own(world: World, stream_id: str, user: User) -> Stream:
    """Return the stream with this id for its owner. Refuses (`forbidden`) anybody else."""
    stream = find_for(world, stream_id, user)
    if not is_owner(stream, user):
        raise Refused("forbidden", "Not authorized to manage this stream")
    return stream


def is_owner(stream: Stream, user: User | None) -> bool:
    return user is not None and user.pk == stream.user_pk


def by_key(world: World, key: str) -> Stream | None:
    return _one(world, "WHERE streams.stream_key = ?", key)


def by_uid(world: World, uid: str) -> Stream | None:
    return _one(world, "WHERE streams.uid = ?", uid)


def live(world: World) -> list[Stream]:
    """Return all live streams, oldest first."""
    return select(world, "WHERE streams.status = 'live' ORDER BY streams.row")


def of_user(world: World, user: User) -> list[Stream]:
    """Return all streams of a user, newest first."""
    return select(
        world,
        "WHERE streams.user_row = ? ORDER BY streams.created_at_ms DESC, streams.row DESC",
        user.pk,
    )


def select(world: World, where: str, *values: object) -> list[Stream]:
    """Return the streams that match an SQL condition, in its order.

    For the world's own SQL only.
    """
    return [_stream(row) for row in world.store.rows(f"{_SELECT} {where}", *values)]


def update(world: World, stream: Stream, patch: StreamPatch) -> Stream:
    """Change a stream. An ended stream cannot be scheduled again.

    Refuses (`conflict`) a new schedule for an ended stream, (`not_found`) an unknown category.
    """
    if stream.status == "ended" and "scheduled_start_ms" in patch.changes:
        raise Refused("conflict", "Stream has ended. It cannot be scheduled again.")
    category_pk = _category_pk(world, patch)
    now_ms = world.now_ms
    with world.change():
        more = {"category_row": category_pk} if "category_id" in patch.changes else {}
        _write_changes(world, stream.pk, patch, **more, updated_at_ms=now_ms)
        world.emit(
            StreamUpdated(at_ms=now_ms, stream_id=stream.id, changed=tuple(sorted(patch.changes)))
        )
    return find(world, stream.id)


def start(world: World, stream: Stream) -> Stream:
    """Make a stream live without media. Refuses (`conflict`) one that is not offline."""
    return _go_live(world, stream, "start")


def simulate(world: World, stream: Stream) -> Stream:
    """Make a stream live with the built-in picture, until a publisher comes.

    Refuses (`conflict`) a stream that has ended, or that has media already.
    """
    with world.change():
        if stream.status != "live" or stream.has_media:
            _go_live(world, stream, "start")
        world.store.update("streams", stream.pk, has_media=True, is_simulated=True)
    return find(world, stream.id)


def go_live(world: World, stream_id: str) -> Stream:
    """Make a stream live at its publisher's first key frame, also after `start`."""
    return _go_live(world, find(world, stream_id), "first_key_frame")


def end(world: World, stream: Stream, reason: str = "ended by its owner") -> Stream:
    """End a stream now. Refuses (`conflict`) one that has ended."""
    return _end(world, stream, "end", world.now_ms, reason)


def end_when_media_stopped(world: World, stream_id: str, at_ms: int, reason: str) -> Stream:
    """End a stream whose publisher is gone; `at_ms` is when its media stopped."""
    return _end(world, find(world, stream_id), "media_over", at_ms, reason)


def rotate_key(world: World, stream: Stream) -> Stream:
    """Replace a stream's key. A publisher connected with the old key is disconnected.

    Refuses (`conflict`) a stream that is not offline.
    """
    if stream.status != "offline":
        raise Refused("conflict", f"Stream is {stream.status}. Only an offline one gets a new key.")
    now_ms = world.now_ms
    with world.change():
        stream_key = world.ids.stream_key()
        world.store.update("streams", stream.pk, stream_key=stream_key, updated_at_ms=now_ms)
        world.emit(StreamKeyRotated(at_ms=now_ms, stream_id=stream.id))
    return find(world, stream.id)


def _go_live(world: World, stream: Stream, move: Move) -> Stream:
    to = after(stream.status, move)
    has_media = move == "first_key_frame"
    now_ms = world.now_ms
    with world.change():
        world.store.write(
            "UPDATE streams SET status = ?, started_at_ms = coalesce(started_at_ms, ?),"
            " has_media = max(has_media, ?), is_simulated = is_simulated AND NOT ?,"
            " updated_at_ms = ? WHERE row = ?",
            to,
            now_ms,
            has_media,
            has_media,
            now_ms,
            stream.pk,
        )
        if stream.status != to:
            if stream.visibility == "public":
                notifications.tell_followers(world, stream.user_pk, stream.pk)
            world.emit(StreamWentLive(at_ms=now_ms, stream_id=stream.id, has_media=has_media))
    return find(world, stream.id)


def _end(world: World, stream: Stream, move: Move, at_ms: int, reason: str) -> Stream:
    to = after(stream.status, move)
    with world.change():
        world.store.update(
            "streams", stream.pk, status=to, ended_at_ms=at_ms, updated_at_ms=world.now_ms
        )
        attendance.close(world, stream, at_ms)
        # A stream that never had media has nothing to watch, so it gets no VOD.
        vod_id = recordings.begin(world, stream.pk) if stream.has_media else None
        world.emit(StreamEnded(at_ms=at_ms, stream_id=stream.id, vod_id=vod_id, reason=reason))
    return find(world, stream.id)


def _check_room_for_another(world: World, owner: User) -> None:
    limit = world.rules.streams_per_user
    active = select(
        world,
        "WHERE streams.user_row = ? AND status IN ('offline', 'live')"
        " ORDER BY streams.status, streams.row DESC",
        owner.pk,
    )
    if len(active) >= limit > 0:
        stream = active[0]
        never = ", and was never live" if stream.started_at_ms is None else ""
        raise Refused(
            "conflict",
            "You already have an active stream. End it before creating a new one.",
            message=f'You already have an active stream: "{stream.title}" ({stream.id}) is '
            f"{stream.status}{never}. End it before creating a new one: "
            f"POST /api/v1/streams/{stream.id}/end.",
        )


def _category_pk(world: World, patch: StreamPatch) -> int | None:
    category_id = patch.changes.get("category_id")
    return categories.find(world, category_id).pk if category_id is not None else None


def _write_changes(world: World, pk: int, patch: StreamPatch, **more: object) -> None:
    fields = {name: patch.changes[name] for name in _PLAIN_FIELDS if name in patch.changes}
    world.store.update("streams", pk, **fields, **more)
    if "tags" in patch.changes:
        names: Sequence[str] = patch.changes["tags"] or ()
        tags.put(world, pk, list(names))


def _one(world: World, where: str, value: str) -> Stream | None:
    row = world.store.row(f"{_SELECT} {where}", value)
    return _stream(row) if row else None


def _stream(row: Row) -> Stream:
    values = tuple(row)
    return Stream(*values[:_BOOLS_FROM], *map(bool, values[_BOOLS_FROM:]))
