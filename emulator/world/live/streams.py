"""Streams: made by a user, live by their publisher, ended for good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from emulator.core.errors import Refused
from emulator.core.events.live import StreamCreated, StreamEnded, StreamUpdated, StreamWentLive
from emulator.world.library import recordings
from emulator.world.live import categories, tags
from emulator.world.live.moves import Move, Status, after
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `has_media`: a publisher sent a key frame. Times are milliseconds since 1970."""

    row: int
    id: str
    uid: str
    stream_key: str
    user_row: int
    category_row: int | None
    category_id: str | None
    title: str
    description: str | None
    status: Status
    visibility: str
    is_mature: bool
    has_media: bool
    thumbnail_url: str | None
    peak_viewer_count: int
    scheduled_start_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int
    vod_id: str | None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a user says of a stream. A field that is not in `given` stays as it is."""

    given: Mapping[str, Any]


_SELECT = """
SELECT streams.*, categories.id AS category_id,
    (SELECT vods.id FROM vods WHERE vods.stream_row = streams.row ORDER BY vods.row LIMIT 1)
        AS vod_id
FROM streams LEFT JOIN categories ON categories.row = streams.category_row
"""

_PLAIN_FIELDS = (
    "title",
    "description",
    "thumbnail_url",
    "is_mature",
    "visibility",
    "scheduled_start_ms",
)


def create(world: World, owner: User, wishes: Wishes) -> Stream:
    """Make a stream, offline, with a key of its own.

    Refuses (`conflict`) a second stream that has not ended, (`not_found`) an unknown category.
    """
    _check_room_for_another(world, owner)
    category_row = _category_row(world, wishes)
    now_ms = world.now_ms
    stream_id = world.ids.uuid()
    with world.change():
        row = world.store.write(
            "INSERT INTO streams (id, uid, stream_key, user_row, category_row, title,"
            " created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            stream_id,
            world.ids.uid(),
            world.ids.stream_key(),
            owner.row,
            category_row,
            wishes.given["title"],
            now_ms,
            now_ms,
        )
        _write_wishes(world, row, wishes)
        world.emit(
            StreamCreated(
                at_ms=now_ms, stream_id=stream_id, user_id=owner.id, title=wishes.given["title"]
            )
        )
    return find(world, stream_id)


def find(world: World, stream_id: str) -> Stream:
    """The stream with this id. Refuses (`not_found`) an unknown one."""
    found = world.store.row(f"{_SELECT} WHERE streams.id = ?", stream_id)
    if found is None:
        raise Refused("not_found", "Stream not found")
    return _stream(found)


def find_for(world: World, stream_id: str, viewer: User | None) -> Stream:
    """The same, as `viewer` may see it: a private stream is there for its owner only."""
    stream = find(world, stream_id)
    if stream.visibility == "private" and not is_owner(stream, viewer):
        raise Refused("not_found", "Stream not found")
    return stream


def find_own(world: World, stream_id: str, user: User) -> Stream:
    """The same, for what only its owner may do. Refuses (`forbidden`) anybody else."""
    stream = find_for(world, stream_id, user)
    if not is_owner(stream, user):
        raise Refused("forbidden", "Not authorized to manage this stream")
    return stream


def is_owner(stream: Stream, user: User | None) -> bool:
    return user is not None and user.row == stream.user_row


def by_key(world: World, key: str) -> Stream | None:
    found = world.store.row(f"{_SELECT} WHERE streams.stream_key = ?", key)
    return _stream(found) if found else None


def by_uid(world: World, uid: str) -> Stream | None:
    found = world.store.row(f"{_SELECT} WHERE streams.uid = ?", uid)
    return _stream(found) if found else None


def live(world: World) -> list[Stream]:
    """Every stream that is live, the oldest first."""
    rows = world.store.rows(f"{_SELECT} WHERE streams.status = 'live' ORDER BY streams.row")
    return [_stream(row) for row in rows]


def page(
    world: World,
    viewer: User | None,
    *,
    status: Status | Literal["all"] | None,
    category_id: str | None,
    user_id: str | None,
    offset: int,
    count: int,
) -> tuple[list[Stream], int]:
    """One page of the streams that `viewer` may see, the newest first, and how many there are.

    Others' streams show when they are public; a viewer's own show always, unlisted ones too.
    Without a `status`, others' streams show while they are live.
    """
    others = "streams.visibility = 'public'"
    if status is None:
        others += " AND streams.status = 'live'"
    conditions = [f"(({others}) OR streams.user_row = ?)"]
    values: list[object] = [viewer.row if viewer else None]
    if status is not None and status != "all":
        conditions.append("streams.status = ?")
        values.append(status)
    if category_id is not None:
        conditions.append("streams.category_row = ?")
        values.append(categories.find(world, category_id).row)
    if user_id is not None:
        conditions.append("streams.user_row = ?")
        values.append(accounts.find(world, user_id).row)
    where = " AND ".join(conditions)
    rows = world.store.rows(
        f"{_SELECT} WHERE {where} ORDER BY streams.created_at_ms DESC, streams.row DESC"
        " LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM streams WHERE {where}", *values)
    return [_stream(row) for row in rows], total


def update(world: World, stream: Stream, wishes: Wishes) -> Stream:
    """Change what its owner said of a stream. Of an ended one, only what describes it.

    Refuses (`conflict`) a new schedule for an ended stream, (`not_found`) an unknown category.
    """
    if stream.status == "ended" and "scheduled_start_ms" in wishes.given:
        raise Refused("conflict", "Stream has ended. It cannot be scheduled again.")
    category_row = _category_row(world, wishes)
    now_ms = world.now_ms
    with world.change():
        if "category_id" in wishes.given:
            _set(world, stream.row, "category_row", category_row)
        _write_wishes(world, stream.row, wishes)
        _set(world, stream.row, "updated_at_ms", now_ms)
        world.emit(
            StreamUpdated(at_ms=now_ms, stream_id=stream.id, changed=tuple(sorted(wishes.given)))
        )
    return find(world, stream.id)


def start(world: World, stream: Stream) -> Stream:
    """Make a stream live without media. Refuses (`conflict`) one that is not offline."""
    return _go_live(world, stream, "start")


def go_live(world: World, stream_id: str) -> Stream:
    """Its publisher's first key frame came. Also for a stream that `start` made live before."""
    return _go_live(world, find(world, stream_id), "first_key_frame")


def end(world: World, stream: Stream, reason: str = "ended by its owner") -> Stream:
    """End a stream now. Refuses (`conflict`) one that has ended."""
    return _end(world, stream, "end", world.now_ms, reason)


def end_when_media_stopped(world: World, stream_id: str, at_ms: int, reason: str) -> Stream:
    """End a stream whose publisher is gone; `at_ms` is when its media stopped."""
    return _end(world, find(world, stream_id), "media_over", at_ms, reason)


def note_viewers(world: World, stream: Stream) -> None:
    """Raise the stream's peak if more people watch now than ever before."""
    count = world.viewers.count(stream.id)
    if count > stream.peak_viewer_count:
        with world.change():
            _set(world, stream.row, "peak_viewer_count", count)


def _go_live(world: World, stream: Stream, move: Move) -> Stream:
    to = after(stream.status, move)
    has_media = move == "first_key_frame"
    now_ms = world.now_ms
    with world.change():
        world.store.write(
            "UPDATE streams SET status = ?, started_at_ms = coalesce(started_at_ms, ?),"
            " has_media = max(has_media, ?), updated_at_ms = ? WHERE row = ?",
            to,
            now_ms,
            has_media,
            now_ms,
            stream.row,
        )
        if stream.status != to:
            world.emit(StreamWentLive(at_ms=now_ms, stream_id=stream.id, has_media=has_media))
    return find(world, stream.id)


def _end(world: World, stream: Stream, move: Move, at_ms: int, reason: str) -> Stream:
    to = after(stream.status, move)
    with world.change():
        world.store.write(
            "UPDATE streams SET status = ?, ended_at_ms = ?, updated_at_ms = ? WHERE row = ?",
            to,
            at_ms,
            world.now_ms,
            stream.row,
        )
        # A stream that never had media leaves nothing to watch, so no VOD is attached to it.
        vod_id = recordings.begin(world, stream.row) if stream.has_media else None
        world.emit(StreamEnded(at_ms=at_ms, stream_id=stream.id, vod_id=vod_id, reason=reason))
    world.viewers.forget(stream.id)
    return find(world, stream.id)


def _check_room_for_another(world: World, owner: User) -> None:
    limit = world.rules.streams_per_user
    going = world.store.number(
        "SELECT count(*) FROM streams WHERE user_row = ? AND status IN ('offline', 'live')",
        owner.row,
    )
    if going >= limit > 0:
        raise Refused(
            "conflict", "You already have an active stream. End it before creating a new one."
        )


def _category_row(world: World, wishes: Wishes) -> int | None:
    category_id = wishes.given.get("category_id")
    return categories.find(world, category_id).row if category_id is not None else None


def _write_wishes(world: World, row: int, wishes: Wishes) -> None:
    for field in _PLAIN_FIELDS:
        if field in wishes.given:
            _set(world, row, field, wishes.given[field])
    if "tags" in wishes.given:
        names: Sequence[str] = wishes.given["tags"] or ()
        tags.put(world, row, list(names))


def _set(world: World, row: int, column: str, value: object) -> None:
    """Columns come from this file's own lists, never from a request."""
    world.store.write(f"UPDATE streams SET {column} = ? WHERE row = ?", value, row)


def _stream(row: Row) -> Stream:
    return Stream(
        row=row["row"],
        id=row["id"],
        uid=row["uid"],
        stream_key=row["stream_key"],
        user_row=row["user_row"],
        category_row=row["category_row"],
        category_id=row["category_id"],
        title=row["title"],
        description=row["description"],
        status=row["status"],
        visibility=row["visibility"],
        is_mature=bool(row["is_mature"]),
        has_media=bool(row["has_media"]),
        thumbnail_url=row["thumbnail_url"],
        peak_viewer_count=row["peak_viewer_count"],
        scheduled_start_ms=row["scheduled_start_ms"],
        started_at_ms=row["started_at_ms"],
        ended_at_ms=row["ended_at_ms"],
        created_at_ms=row["created_at_ms"],
        updated_at_ms=row["updated_at_ms"],
        vod_id=row["vod_id"],
    )
