"""Recordings: VODs. A stream leaves one behind when it ends; others are uploaded (`posts.py`).

A VOD is ready when its files are. `media_uid` says under which CDN uid they lie: several VODs may
show the same, and they go with the last of them.
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

# A day's sample tables are some 50 MB; a longer simulated recording has its playlist alone.
SIMULATED_FILE_MS_MAX = 86_400_000


class Quality(Struct, frozen=True):
    """What a VOD is as it was recorded. `bitrate` is in bits a second."""

    label: str
    width: int
    height: int
    bitrate: int


class Loop(NamedTuple):
    """The built-in picture, as a simulated stream with this `uid` showed it.

    Without `ended_at_ms` it still does.
    """

    uid: str
    began_at_ms: int
    ended_at_ms: int | None


class Vod(Struct, frozen=True):
    """One recording. `uid` is its own CDN uid, `video_uid` what it was uploaded by.

    `loop`: it has no files, since it is the built-in picture.
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
        """The CDN uid by which clients know it."""
        return self.video_uid or self.uid

    @property
    def best(self) -> Quality | None:
        return max(self.qualities, key=lambda quality: quality.height, default=None)

    @property
    def has_file(self) -> bool:
        """Whether it plays as one MP4 once it is ready, beside its playlist."""
        return self.loop is None or self.duration_ms <= SIMULATED_FILE_MS_MAX


_SELECT = """
SELECT vods.*, streams.id AS stream_id FROM vods LEFT JOIN streams ON streams.row = vods.stream_row
"""
_PLAIN_FIELDS = ("title", "description", "visibility")


def begin(world: World, stream_pk: int) -> str:
    """Attach a VOD to a stream that has just ended: `processing` at once. Returns its id."""
    vod_id = world.ids.uuid()
    with world.change():
        world.store.write(
            "INSERT INTO vods (id, uid, media_uid, user_row, stream_row, title, description,"
            " visibility, is_nsfw, loop_began_at_ms, loop_ended_at_ms, created_at_ms)"
            " SELECT ?, ?, uid, user_row, row, title, description,"
            # A VOD knows no "unlisted"; only a public stream leaves a public VOD.
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
    """The VOD with this id. Refuses (`not_found`) an unknown or deleted one."""
    row = world.store.row(f"{_SELECT} WHERE vods.id = ?", vod_id)
    if row is None:
        raise Refused("not_found", "VOD not found")
    return _vod(row)


def find_for(world: World, vod_id: str, viewer: User | None) -> Vod:
    """The VOD with this id, as `viewer` may see it: once it is ready, and for its audience."""
    vod = find(world, vod_id)
    if not may_see(world, vod, viewer):
        raise Refused("not_found", "VOD not found")
    return vod


def find_own(world: World, vod_id: str, user: User) -> Vod:
    """The VOD with this id, for its owner. Refuses (`forbidden`) anybody else."""
    vod = find_for(world, vod_id, user)
    if vod.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this VOD")
    return vod


def may_see(world: World, vod: Vod, viewer: User | None) -> bool:
    """One's own always; others' once ready, where they are for `viewer`."""
    is_own = viewer is not None and viewer.pk == vod.user_pk
    return is_own or (vod.status == "ready" and is_for(world, vod, viewer))


def is_for(world: World, vod: Vod, viewer: User | None) -> bool:
    """A public VOD is for everybody, one for followers for these, and all for their owner."""
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
    """The VOD whose own CDN uid this is."""
    return one(world, "WHERE vods.uid = ?", uid)


def by_media(world: World, uid: str) -> Vod | None:
    """The first VOD that shows this media and can be watched, or else the first one."""
    return one(
        world,
        "WHERE vods.media_uid = ? ORDER BY vods.status = 'ready' DESC, vods.row LIMIT 1",
        uid,
    )


def by_upload(world: World, uid: str) -> Vod | None:
    """The first VOD that was uploaded by this uid and can be watched."""
    return one(
        world,
        "WHERE vods.video_uid = ? AND vods.status = 'ready' ORDER BY vods.row LIMIT 1",
        uid,
    )


def unfinished(world: World) -> list[Vod]:
    """Those that were still processing when the world was closed, or killed."""
    return select(world, "WHERE vods.status = 'processing' ORDER BY vods.row")


def update(world: World, vod: Vod, patch: Mapping[str, Any]) -> Vod:
    """Change what its owner says of a VOD."""
    values = {name: patch[name] for name in _PLAIN_FIELDS if name in patch}
    with world.change():
        world.store.update("vods", vod.pk, **values)
        world.emit(VodUpdated(at_ms=world.now_ms, vod_id=vod.id, changed=tuple(sorted(values))))
    return find(world, vod.id)


def complete(world: World, vod: Vod, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    """Its files are complete. One that a client has called ready before learns how long it is.

    One that has failed or is gone meanwhile stays so.
    """
    recording = one(world, "WHERE vods.id = ?", vod.id)
    if recording is None or recording.status not in {"processing", "ready"}:
        return
    with world.change():
        _measure(world, recording, duration_ms, qualities)
        if recording.status == "processing":
            _mark_ready(world, recording.id)


def give_up(world: World, vod: Vod, reason: str) -> None:
    """It can't be made. One that is no longer processing stays as it is."""
    recording = one(world, "WHERE vods.id = ?", vod.id)
    if recording is not None and recording.status == "processing":
        mark_failed(world, vod.id, reason)


def mark_ready(world: World, vod_id: str, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    """Its files are complete. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "ready")
    with world.change():
        _measure(world, vod, duration_ms, qualities)
        _mark_ready(world, vod_id)


def mark_failed(world: World, vod_id: str, reason: str) -> None:
    """It can't be made. Refuses (`conflict`) a VOD that is not processing."""
    vod = find(world, vod_id)
    _check_move(vod, "failed")
    with world.change():
        world.store.update("vods", vod.pk, status="failed", failure=reason)
        world.emit(VodFailed(at_ms=world.now_ms, vod_id=vod_id, reason=reason))


def move(world: World, vod: Vod, to: VodStatus) -> Vod:
    """Make a move of the table because a client says so. Refuses (`conflict`) any other."""
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
    """Remove a VOD, in whatever state, and all that is told of it.

    Its media goes with the last one; with its owner's last one others' go, too.
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
    """Remove the VODs of a stream that is about to be deleted, inside `change`."""
    for vod in select(world, "WHERE vods.stream_row = ? ORDER BY vods.row", stream_pk):
        delete(world, vod)


def delete_of_user(world: World, user: User) -> None:
    """Remove what is left of a user's who is about to be deleted, inside `change`."""
    for vod in select(world, "WHERE vods.user_row = ? ORDER BY vods.row", user.pk):
        delete(world, vod)


def delete_of_others(world: World, uid: str, owner_pk: int) -> None:
    """Remove the VODs by which others show media that its owner takes away, inside `change`."""
    for vod in select(world, "WHERE vods.media_uid = ? AND vods.user_row != ?", uid, owner_pk):
        delete(world, vod)


def _is_of_owner(world: World, vod: Vod) -> bool:
    """Whether the VOD's owner recorded it. An uploaded video is not a recording."""
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
    """Whether a VOD or an uploaded video shows this media as its own."""
    row = world.store.row(
        "SELECT 1 FROM vods WHERE media_uid = ?1"
        " UNION ALL SELECT 1 FROM video_media WHERE uid = ?1 LIMIT 1",
        uid,
    )
    return row is not None


def one(world: World, rest: str, *values: object) -> Vod | None:
    """The VOD that the rest of a query gives. For the library's own SQL."""
    row = world.store.row(f"{_SELECT} {rest}", *values)
    return _vod(row) if row else None


def select(world: World, rest: str, *values: object) -> list[Vod]:
    """The VODs that the rest of a query gives, in its order. For the library's own SQL."""
    return [_vod(row) for row in world.store.rows(f"{_SELECT} {rest}", *values)]


def _measure(world: World, vod: Vod, duration_ms: int, qualities: tuple[Quality, ...]) -> None:
    world.store.update("vods", vod.pk, duration_ms=duration_ms, qualities=qualities_json(qualities))
    # Clocks may have jumped while it was live, a publisher's or its world's; its media has not.
    world.store.write("UPDATE streams SET media_ms = ? WHERE uid = ?", duration_ms, vod.media_uid)


def qualities_json(qualities: tuple[Quality, ...]) -> str:
    """As they are kept."""
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
