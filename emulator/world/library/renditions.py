"""Renditions: a VOD in another size, made by a thread, with a CDN uid of its own."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.library import RenditionFailed, RenditionQueued, RenditionReady
from emulator.world.library import recordings
from emulator.world.library.recordings import Vod
from emulator.world.store.rows import read_row
from emulator.world.world import World

RenditionStatus = Literal["queued", "processing", "ready", "failed"]

WAITING_MAX = 100
STOPPED = "The emulator stopped while this was being made. Ask for it again."
# The heights of renditions by name.
HEIGHTS = {f"{height}p": height for height in (144, 240, 360, 480, 720, 1080, 1440, 2160)}


class Rendition(Struct, frozen=True):
    """One rendition of the VOD `vod_pk`. `bitrate` is in bits per second, 0 until it is ready."""

    uid: str
    vod_pk: int
    name: str
    width: int
    height: int
    bitrate: int
    status: RenditionStatus
    progress_percent: int
    failure: str | None


def of(world: World, vod: Vod) -> list[Rendition]:
    """Return a VOD's renditions, largest first."""
    rows = world.store.rows(
        "SELECT * FROM renditions WHERE vod_row = ? ORDER BY height DESC", vod.pk
    )
    return [_rendition(row) for row in rows]


def of_media(world: World, uid: str) -> list[Rendition]:
    """Return the ready renditions of the VODs that show this media, largest first."""
    rows = world.store.rows(
        "SELECT renditions.* FROM vods JOIN renditions ON renditions.vod_row = vods.row"
        " WHERE vods.media_uid = ? AND renditions.status = 'ready' ORDER BY renditions.height DESC",
        uid,
    )
    return [_rendition(row) for row in rows]


def request(world: World, vod: Vod, names: Sequence[str]) -> None:
    """Queue those of the named renditions that do not exist or have failed.

    Refuses (`invalid`) unknown names and sizes not smaller than the VOD's, (`conflict`) a VOD that
    is not ready or has no picture, (`unavailable`) more than may wait.
    """
    if vod.status != "ready":
        raise Refused("conflict", f"VOD is {vod.status}. Only a ready one is transcoded.")
    if vod.best is None:
        raise Refused("conflict", "This VOD has no picture to transcode.")
    for name in names:
        _check_name(vod, name)
    existing = {rendition.name: rendition for rendition in of(world, vod)}
    missing = [
        name
        for name in dict.fromkeys(names)
        if name not in existing or existing[name].status == "failed"
    ]
    waiting = world.store.number("SELECT count(*) FROM renditions WHERE status = 'queued'")
    if waiting + len(missing) > WAITING_MAX:
        message = f"{waiting} renditions are waiting to be made. Try again later."
        raise Refused("unavailable", message, retry_after_seconds=10)
    with world.change():
        for name in missing:
            _queue(world, vod, name)


def find(world: World, uid: str) -> Rendition:
    """Return a rendition. Refuses (`not_found`) an unknown one, or one whose VOD was deleted."""
    row = world.store.row("SELECT * FROM renditions WHERE uid = ?", uid)
    if row is None:
        raise Refused("not_found", "Rendition not found")
    return _rendition(row)


def ready(world: World, uid: str) -> Rendition | None:
    """Return the rendition with this uid if it is ready, else None."""
    row = world.store.row("SELECT * FROM renditions WHERE uid = ? AND status = 'ready'", uid)
    return None if row is None else _rendition(row)


def source_of(world: World, rendition: Rendition) -> Vod:
    """Return the VOD of a rendition."""
    vod = recordings.one(world, "WHERE vods.row = ?", rendition.vod_pk)
    assert vod is not None
    return vod


def unfinished(world: World) -> list[Rendition]:
    """Return the renditions that wait or are being made, oldest first."""
    rows = world.store.rows(
        "SELECT * FROM renditions WHERE status IN ('queued', 'processing') ORDER BY row"
    )
    return [_rendition(row) for row in rows]


def start(world: World, uid: str) -> Vod:
    """Mark a rendition as being made. Returns its VOD. Refuses (`not_found`) a deleted one."""
    rendition = find(world, uid)
    with world.change():
        world.store.write("UPDATE renditions SET status = 'processing' WHERE uid = ?", uid)
    return source_of(world, rendition)


def note_progress(world: World, uid: str, percent: int) -> None:
    def write() -> None:
        world.store.write(
            "UPDATE renditions SET progress_percent = ? WHERE uid = ? AND status = 'processing'",
            percent,
            uid,
        )

    world.store.note(write)


def finish(world: World, uid: str, size: tuple[int, int], bitrate: int) -> None:
    """Mark a rendition as ready. Refuses (`not_found`) a deleted one."""
    vod_id = _vod_id(world, uid)
    with world.change():
        world.store.write(
            "UPDATE renditions SET status = 'ready', progress_percent = 100, width = ?,"
            " height = ?, bitrate = ? WHERE uid = ?",
            *size,
            bitrate,
            uid,
        )
        world.emit(RenditionReady(at_ms=world.now_ms, vod_id=vod_id, uid=uid))


def fail(world: World, uid: str, reason: str) -> None:
    """Mark a rendition as failed. Refuses (`not_found`) a deleted one."""
    vod_id = _vod_id(world, uid)
    with world.change():
        world.store.write(
            "UPDATE renditions SET status = 'failed', failure = ? WHERE uid = ?", reason, uid
        )
        world.emit(RenditionFailed(at_ms=world.now_ms, vod_id=vod_id, uid=uid, reason=reason))


def adopt(world: World, vod: Vod, uid: str, bitrate: int) -> None:
    """Turn a rendition of the live stream into one of its VOD.

    Refuses (`not_found`) another uid.
    """
    row = world.store.row("SELECT * FROM live_renditions WHERE uid = ?", uid)
    if row is None:
        raise Refused("not_found", "Rendition not found")
    with world.change():
        world.store.write("DELETE FROM live_renditions WHERE uid = ?", uid)
        world.store.write(
            "INSERT INTO renditions"
            " (uid, vod_row, name, width, height, bitrate, status, progress_percent)"
            " VALUES (?, ?, ?, ?, ?, ?, 'ready', 100)",
            uid,
            vod.pk,
            row["name"],
            row["width"],
            row["height"],
            bitrate,
        )
        world.emit(RenditionReady(at_ms=world.now_ms, vod_id=vod.id, uid=uid))


def _queue(world: World, vod: Vod, name: str) -> None:
    height, best = HEIGHTS[name], vod.best
    assert best is not None
    uid = world.ids.uid()
    world.store.write("DELETE FROM renditions WHERE vod_row = ? AND name = ?", vod.pk, name)
    world.store.insert(
        "renditions",
        uid=uid,
        vod_row=vod.pk,
        name=name,
        width=max(2, 2 * round(best.width * height / best.height / 2)),
        height=height,
    )
    world.emit(RenditionQueued(at_ms=world.now_ms, vod_id=vod.id, uid=uid))


def _check_name(vod: Vod, name: str) -> None:
    if name not in HEIGHTS:
        message = f"A rendition is one of {', '.join(HEIGHTS)}, not {name[:20]!r}"
        raise Refused("invalid", message, field="renditions")
    best = vod.best
    if best is None or HEIGHTS[name] >= best.height:
        height = best.height if best else 0
        message = f"The video is {height} pixels high: {name} would not be smaller"
        raise Refused("invalid", message, field="renditions")


def _vod_id(world: World, uid: str) -> str:
    row = world.store.row(
        "SELECT vods.id FROM renditions JOIN vods ON vods.row = renditions.vod_row"
        " WHERE renditions.uid = ?",
        uid,
    )
    if row is None:
        raise Refused("not_found", "Rendition not found")
    return str(row["id"])


_rendition = partial(read_row, Rendition)
