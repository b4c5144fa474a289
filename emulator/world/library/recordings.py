"""Recordings (VODs). A stream gets one when it ends; others are uploaded (`posts.py`).

A VOD is ready when its files are. `media_uid` is the CDN uid of the files: several VODs may share
them, and they are deleted with the last one.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.core.events.library import VodDeleted, VodFailed, VodReady, VodUpdated
from emulator.world.people import accounts, follows
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World

VodStatus = Literal["processing", "ready", "failed", "deleted"]
Visibility = Literal["public", "followers", "private"]

LEGAL_MOVES: frozenset[tuple[VodStatus, VodStatus]] = frozenset(
    {("processing", "ready"), ("processing", "failed"), ("ready", "deleted")}
)

# The MP4 sample tables of a day are some 50 MB; a longer simulated recording has only a playlist.
SIMULATED_FILE_MS_MAX = 86_400_000


class Quality(Struct, frozen=True):
    """The video properties of a recording. `bitrate` is in bits per second."""

    label: str
    width: int
    height: int
    bitrate: int


class Loop(NamedTuple):
    """The built-in picture as the simulated stream with this `uid` showed it.

    `ended_at_ms` is None while it still shows it.
    """

    uid: str
    began_at_ms: int
    ended_at_ms: int | None


class Vod(Struct, frozen=True):
    """One recording. `uid` is its own CDN uid, `video_uid` the one that it was uploaded by.

    With a `loop` it shows the built-in picture and has no files.
    """

    pk: int
    id: str
    uid: str
    video_uid: str | None
    media_uid: str
    user_pk: int
    stream_pk: int | None
    stream_id: str | None
    title: str
    description: str | None
    status: VodStatus
    visibility: Visibility
    is_nsfw: bool
    content_warning: str | None
    duration_ms: int
    qualities: tuple[Quality, ...]
    loop: Loop | None
    view_count: int
    failure: str | None
    created_at_ms: int
    ready_at_ms: int | None

    @property
    def shown_uid(self) -> str:
        """The CDN uid that clients see."""
        return self.video_uid or self.uid

    @property
    def best(self) -> Quality | None:
        return max(self.qualities, key=lambda quality: quality.height, default=None)

    @property
    def has_file(self) -> bool:
        """Whether a ready VOD can also be played as one MP4, in addition to its playlist."""
        return self.loop is None or self.duration_ms <= SIMULATED_FILE_MS_MAX


_SELECT = """
SELECT vods.*, streams.id AS stream_id FROM vods LEFT JOIN streams ON streams.row = vods.stream_row
"""
_PLAIN_FIELDS = ("title", "description", "visibility")


def begin(world: World, stream_pk: int) -> str:
    """Create the `processing` VOD of a stream that has just ended. Returns its id."""
    vod_id = world.ids.uuid()
    with world.change():
        world.store.write(
            "INSERT INTO vods (id, uid, media_uid, user_row, stream_row, title, description,"
            " visibility, is_nsfw, loop_began_at_ms, loop_ended_at_ms, created_at_ms)"
            " SELECT ?, ?, uid, user_row, row, title, description,"
            # A VOD cannot be unlisted; only a public stream gets a public VOD.
            " iif(visibility = 'public', 'public', 'private'), is_mature,"
            " iif(is_simulated, started_at_ms, NULL), iif(is_simulated, ended_at_ms, NULL), ?"
            " FROM streams WHERE row = ?",
            vod_id,
            world.ids.uid(),
            world.now_ms,
            stream_pk,
        )
    return vod_id


def find(world: World, vod_id: str) -> Vod:
    """Return the VOD with this id. Refuses (`not_found`) an unknown or deleted one."""
    row = world.store.row(f"{_SELECT} WHERE vods.id = ?", vod_id)
    if row is None:
        raise Refused("not_found", "VOD not found")
    return _vod(row)


def find_for(world: World, vod_id: str, viewer: User | None) -> Vod:
    """Return the VOD with this id if `viewer` may see it. Refuses (`not_found`) any other."""
    vod = find(world, vod_id)
    if not may_see(world, vod, viewer):
        raise Refused("not_found", "VOD not found")
    return vod


def find_own(world: World, vod_id: str, user: User) -> Vod:
    """Return the VOD with this id for its owner. Refuses (`forbidden`) anybody else."""
    vod = find_for(world, vod_id, user)
    if vod.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this VOD")
    return vod


def may_see(world: World, vod: Vod, viewer: User | None) -> bool:
    """Whether `viewer` may see a VOD: always their own, others' if ready and `is_for` allows it."""
    is_own = viewer is not None and viewer.pk == vod.user_pk
    return is_own or (vod.status == "ready" and is_for(world, vod, viewer))


def is_for(world: World, vod: Vod, viewer: User | None) -> bool:
    """Whether a VOD's visibility includes `viewer`: everybody, followers, or only its owner."""
    if vod.visibility == "public" or (viewer is not None and viewer.pk == vod.user_pk):
        return True
    if vod.visibility == "private" or viewer is None:
        return False
    return follows.is_following(world, viewer, accounts.by_pk(world, vod.user_pk))


def watch(world: World, vod: Vod) -> Vod:
    """Count one view."""
    sql = "UPDATE vods SET view_count = view_count + 1 WHERE row = ?"
    world.store.note(partial(world.store.write, sql, vod.pk))
    return find(world, vod.id)


def by_uid(world: World, uid: str) -> Vod | None:
    """Return the VOD with this CDN uid of its own, or None."""
    return one(world, "WHERE vods.uid = ?", uid)


def by_media(world: World, uid: str) -> Vod | None:
    """Return the first VOD of this media, preferring a ready one; None without any."""
    return one(
        world,
        "WHERE vods.media_uid = ? ORDER BY vods.status = 'ready' DESC, vods.row LIMIT 1",
        uid,
    )


def by_upload(world: World, uid: str) -> Vod | None:
    """Return the first ready VOD that was uploaded by this uid, or None."""
    return one(
        world,
        "WHERE vods.video_uid = ? AND vods.status = 'ready' ORDER BY vods.row LIMIT 1",
        uid,
    )


def unfinished(world: World) -> list[Vod]:
    """Return the VODs that were still processing when the world was closed or killed."""
    return select(world, "WHERE vods.status = 'processing' ORDER BY vods.row")


def update(world: World, vod: Vod, patch: Mapping[str, Any]) -> Vod:
    """Change the title, description and visibility of a VOD."""
    values = {name: patch[name] for name in _PLAIN_FIELDS if name in patch}
    with world.change():
        world.store.update("vods", vod.pk, **values)
        world.emit(VodUpdated(at_ms=world.now_ms, vod_id=vod.id, changed=tuple(sorted(values))))
    return find(world, vod.id)


def complete(world: World, vod: Vod, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    """Set the length and qualities of a VOD whose files are complete, and mark it ready.

    A VOD that a client marked ready earlier only gets its length. One that has failed or was
    deleted in the meantime stays so.
    """
    recording = one(world, "WHERE vods.id = ?", vod.id)
    if recording is None or recording.status not in {"processing", "ready"}:
        return
    with world.change():
        _measure(world, recording, duration_ms, qualities)
        if recording.status == "processing":
            _mark_ready(world, recording.id)


def give_up(world: World, vod: Vod, reason: str) -> None:
    """Mark a VOD as failed if it is still processing."""
    recording = one(world, "WHERE vods.id = ?", vod.id)
    if recording is not None and recording.status == "processing":
        mark_failed(world, vod.id, reason)


def mark_ready(world: World, vod_id: str, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    """Mark a VOD as ready. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "ready")
    with world.change():
        _measure(world, vod, duration_ms, qualities)
        _mark_ready(world, vod_id)


def mark_failed(world: World, vod_id: str, reason: str) -> None:
    """Mark a VOD as failed. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "failed")
    with world.change():
        world.store.update("vods", vod.pk, status="failed", failure=reason)
        world.emit(VodFailed(at_ms=world.now_ms, vod_id=vod_id, reason=reason))


def move(world: World, vod: Vod, to: VodStatus) -> Vod:
    """Change a VOD's state as a client requests.

    Refuses (`conflict`) a move not in `LEGAL_MOVES`.
    """
    _check_move(vod, to)
    if to == "deleted":
        delete(world, vod)
        return replace(vod, status="deleted")
    if to == "failed":
        mark_failed(world, vod.id, "It was said to have failed.")
    else:
        with world.change():
            _mark_ready(world, vod.id)
    return find(world, vod.id)


def delete(world: World, vod: Vod) -> None:
    """Delete a VOD in any state, and all that belongs to it.

    Its media is deleted with the last VOD that shows it. With the owner's last VOD of some media,
    the VODs of other users that show it are deleted too.
    """
    with world.change():
        rows = world.store.rows("SELECT uid FROM renditions WHERE vod_row = ?", vod.pk)
        is_of_owner = _is_of_owner(world, vod)
        world.store.write("DELETE FROM vods WHERE row = ?", vod.pk)
        if is_of_owner and not _is_shown_by(world, vod.media_uid, vod.user_pk):
            delete_of_others(world, vod.media_uid, vod.user_pk)
        uids = [row["uid"] for row in rows]
        if not is_media_needed(world, vod.media_uid) and vod.loop is None:
            uids.append(vod.media_uid)
        world.emit(
            VodDeleted(at_ms=world.now_ms, vod_id=vod.id, uid=vod.uid, uids=tuple(sorted(uids)))
        )


def delete_of(world: World, stream_pk: int) -> None:
    """Delete the VODs of a stream that is about to be deleted, inside `change`."""
    for vod in select(world, "WHERE vods.stream_row = ? ORDER BY vods.row", stream_pk):
        delete(world, vod)


def delete_of_user(world: World, user: User) -> None:
    """Delete the VODs of a user who is about to be deleted, inside `change`."""
    for vod in select(world, "WHERE vods.user_row = ? ORDER BY vods.row", user.pk):
        delete(world, vod)


def delete_of_others(world: World, uid: str, owner_pk: int) -> None:
    """Delete the VODs of other users that show media which its owner deletes, inside `change`."""
    for vod in select(world, "WHERE vods.media_uid = ? AND vods.user_row != ?", uid, owner_pk):
        delete(world, vod)


def _is_of_owner(world: World, vod: Vod) -> bool:
    """Whether the VOD's owner recorded its media. An uploaded video is not a recording."""
    if vod.video_uid is None:
        return True
    row = world.store.row(
        "SELECT 1 FROM streams WHERE uid = ? AND user_row = ?", vod.media_uid, vod.user_pk
    )
    return row is not None


def _is_shown_by(world: World, uid: str, user_pk: int) -> bool:
    row = world.store.row("SELECT 1 FROM vods WHERE media_uid = ? AND user_row = ?", uid, user_pk)
    return row is not None


def is_media_needed(world: World, uid: str) -> bool:
    """Whether a VOD or an uploaded video needs this media."""
    row = world.store.row(
        "SELECT 1 FROM vods WHERE media_uid = ?1"
        " UNION ALL SELECT 1 FROM video_media WHERE uid = ?1 LIMIT 1",
        uid,
    )
    return row is not None


def one(world: World, where: str, *values: object) -> Vod | None:
    """Return the VOD that matches an SQL condition, or None. For the library's own SQL only."""
    row = world.store.row(f"{_SELECT} {where}", *values)
    return _vod(row) if row else None


def select(world: World, where: str, *values: object) -> list[Vod]:
    """Return the VODs that match an SQL condition, in its order. For the library's own SQL only."""
    return [_vod(row) for row in world.store.rows(f"{_SELECT} {where}", *values)]


def _measure(world: World, vod: Vod, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    world.store.update("vods", vod.pk, duration_ms=duration_ms, qualities=qualities_json(qualities))
    # The clock of the publisher or the world may have jumped while it was live; the media is exact.
    world.store.write("UPDATE streams SET media_ms = ? WHERE uid = ?", duration_ms, vod.media_uid)


def qualities_json(qualities: tuple[Quality, ...]) -> str:
    """Write qualities as they are stored."""
    return json.dumps([[q.label, q.width, q.height, q.bitrate] for q in qualities])


def _mark_ready(world: World, vod_id: str) -> None:
    world.store.write(
        "UPDATE vods SET status = 'ready', ready_at_ms = ? WHERE id = ?", world.now_ms, vod_id
    )
    duration_ms = find(world, vod_id).duration_ms
    world.emit(VodReady(at_ms=world.now_ms, vod_id=vod_id, duration_ms=duration_ms))


def _check_move(vod: Vod, to: VodStatus) -> None:
    if (vod.status, to) not in LEGAL_MOVES:
        raise Refused("conflict", f"A VOD that is {vod.status} cannot become {to}")


def _vod(row: Row) -> Vod:
    began_at_ms, ended_at_ms = row["loop_began_at_ms"], row["loop_ended_at_ms"]
    return read_row(
        Vod,
        row,
        qualities=tuple(Quality(*quality) for quality in json.loads(row["qualities"])),
        loop=Loop(row["media_uid"], began_at_ms, ended_at_ms) if began_at_ms is not None else None,
    )
