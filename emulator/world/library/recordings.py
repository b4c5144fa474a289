"""Recordings: the VOD that a stream leaves behind. Made when it ends, ready when its files are."""

import json
from dataclasses import dataclass
from typing import Literal

from emulator.core.errors import Refused
from emulator.core.events.library import VodDeleted, VodFailed, VodReady
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.world import World

VodStatus = Literal["processing", "ready", "failed", "deleted"]

LEGAL_MOVES: frozenset[tuple[VodStatus, VodStatus]] = frozenset(
    {("processing", "ready"), ("processing", "failed"), ("ready", "deleted")}
)


@dataclass(frozen=True, slots=True)
class Quality:
    """One rendition of a VOD. `bitrate` is in bits a second."""

    label: str
    width: int
    height: int
    bitrate: int


@dataclass(frozen=True, slots=True)
class Vod:
    """One recording. `uid` is its own CDN uid, `stream_uid` that of the stream it was made from."""

    row: int
    id: str
    uid: str
    user_row: int
    stream_row: int | None
    stream_id: str | None
    stream_uid: str | None
    title: str
    description: str | None
    status: VodStatus
    visibility: str
    is_nsfw: bool
    content_warning: str | None
    duration_ms: int
    qualities: tuple[Quality, ...]
    view_count: int
    failure: str | None
    created_at_ms: int
    ready_at_ms: int | None


_SELECT = """
SELECT vods.*, streams.id AS stream_id, coalesce(streams.uid, vods.media_uid) AS stream_uid
FROM vods LEFT JOIN streams ON streams.row = vods.stream_row
"""


def begin(world: World, stream_row: int) -> str:
    """Attach a VOD to a stream that has just ended: `processing` at once. Returns its id."""
    vod_id = world.ids.uuid()
    with world.change():
        world.store.write(
            "INSERT INTO vods (id, uid, user_row, stream_row, title, description, visibility,"
            " is_nsfw, created_at_ms) SELECT ?, ?, user_row, row, title, description,"
            # A VOD knows no "unlisted"; only a public stream leaves a public VOD.
            " iif(visibility = 'public', 'public', 'private'), is_mature, ? FROM streams"
            " WHERE row = ?",
            vod_id,
            world.ids.uid(),
            world.now_ms,
            stream_row,
        )
    return vod_id


def find(world: World, vod_id: str) -> Vod:
    """The VOD with this id. Refuses (`not_found`) an unknown or deleted one."""
    found = world.store.row(f"{_SELECT} WHERE vods.id = ?", vod_id)
    if found is None or found["status"] == "deleted":
        raise Refused("not_found", "VOD not found")
    return _vod(found)


def find_for(world: World, vod_id: str, viewer: User | None) -> Vod:
    """The same, as `viewer` may see it: others' VODs are there once ready and public."""
    vod = find(world, vod_id)
    is_own = viewer is not None and viewer.row == vod.user_row
    if not is_own and (vod.status != "ready" or vod.visibility != "public"):
        raise Refused("not_found", "VOD not found")
    return vod


def watch(world: World, vod: Vod) -> Vod:
    """Count one view."""
    with world.change():
        world.store.write("UPDATE vods SET view_count = view_count + 1 WHERE row = ?", vod.row)
    return find(world, vod.id)


def by_uid(world: World, uid: str) -> Vod | None:
    found = world.store.row(f"{_SELECT} WHERE vods.uid = ?", uid)
    return _vod(found) if found else None


def unfinished(world: World) -> list[Vod]:
    """Those that were still processing when the world was closed, or killed."""
    rows = world.store.rows(f"{_SELECT} WHERE vods.status = 'processing' ORDER BY vods.row")
    return [_vod(row) for row in rows]


def page(
    world: World,
    viewer: User | None,
    *,
    stream_id: str | None,
    status: VodStatus | None,
    offset: int,
    count: int,
) -> tuple[list[Vod], int]:
    """One page, the newest first: public and ready ones, and a viewer's own in any state."""
    conditions = [
        "vods.status != 'deleted'",
        "((vods.status = 'ready' AND vods.visibility = 'public') OR vods.user_row = ?)",
    ]
    values: list[object] = [viewer.row if viewer else None]
    if stream_id is not None:
        conditions.append("vods.stream_row = (SELECT row FROM streams WHERE id = ?)")
        values.append(stream_id)
    if status is not None:
        conditions.append("vods.status = ?")
        values.append(status)
    where = " AND ".join(conditions)
    rows = world.store.rows(
        f"{_SELECT} WHERE {where} ORDER BY vods.created_at_ms DESC, vods.row DESC LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM vods WHERE {where}", *values)
    return [_vod(row) for row in rows], total


def mark_ready(world: World, vod_id: str, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    """Its files are complete. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "ready")
    with world.change():
        world.store.write(
            "UPDATE vods SET status = 'ready', duration_ms = ?, qualities = ?, ready_at_ms = ?"
            " WHERE row = ?",
            duration_ms,
            json.dumps([[q.label, q.width, q.height, q.bitrate] for q in qualities]),
            world.now_ms,
            vod.row,
        )
        world.emit(VodReady(at_ms=world.now_ms, vod_id=vod_id, duration_ms=duration_ms))


def mark_failed(world: World, vod_id: str, reason: str) -> None:
    """It can't be made. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "failed")
    with world.change():
        world.store.write(
            "UPDATE vods SET status = 'failed', failure = ? WHERE row = ?", reason, vod.row
        )
        world.emit(VodFailed(at_ms=world.now_ms, vod_id=vod_id, reason=reason))


def outlive(world: World, stream_row: int, stream_uid: str) -> bool:
    """Keep a stream's VODs and their media past the stream itself, inside `change`.

    Returns whether there are any.
    """
    world.store.write("UPDATE vods SET media_uid = ? WHERE stream_row = ?", stream_uid, stream_row)
    found = world.store.row(
        "SELECT 1 FROM vods WHERE stream_row = ? AND status != 'deleted'", stream_row
    )
    return found is not None


def delete_of(world: World, stream_row: int) -> None:
    """Remove the VODs of a stream that is about to be deleted, inside `change`."""
    rows = world.store.rows(f"{_SELECT} WHERE vods.stream_row = ? ORDER BY vods.row", stream_row)
    for vod in map(_vod, rows):
        world.store.write("DELETE FROM vods WHERE row = ?", vod.row)
        world.emit(VodDeleted(at_ms=world.now_ms, vod_id=vod.id, uid=vod.uid))


def delete_of_user(world: World, user: User) -> None:
    """Remove the VODs that a user's streams have left behind, inside `change`."""
    rows = world.store.rows(f"{_SELECT} WHERE vods.user_row = ? ORDER BY vods.row", user.row)
    for vod in map(_vod, rows):
        world.store.write("DELETE FROM vods WHERE row = ?", vod.row)
        world.emit(VodDeleted(at_ms=world.now_ms, vod_id=vod.id, uid=vod.uid))


def _check_move(vod: Vod, to: VodStatus) -> None:
    if (vod.status, to) not in LEGAL_MOVES:
        raise Refused("conflict", f"A VOD that is {vod.status} cannot become {to}")


def _vod(row: Row) -> Vod:
    return Vod(
        row=row["row"],
        id=row["id"],
        uid=row["uid"],
        user_row=row["user_row"],
        stream_row=row["stream_row"],
        stream_id=row["stream_id"],
        stream_uid=row["stream_uid"],
        title=row["title"],
        description=row["description"],
        status=row["status"],
        visibility=row["visibility"],
        is_nsfw=bool(row["is_nsfw"]),
        content_warning=row["content_warning"],
        duration_ms=row["duration_ms"],
        qualities=tuple(Quality(*quality) for quality in json.loads(row["qualities"])),
        view_count=row["view_count"],
        failure=row["failure"],
        created_at_ms=row["created_at_ms"],
        ready_at_ms=row["ready_at_ms"],
    )
