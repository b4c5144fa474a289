"""Renditions: a VOD once more in another size, made in a thread, under a CDN uid of its own."""

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
# By their names, which are heights.
HEIGHTS = {f"{height}p": height for height in (144, 240, 360, 480, 720, 1080, 1440, 2160)}


class Rendition(Struct, frozen=True):
    """`bitrate` is in bits a second, 0 until it is ready. `vod_row` says of what it is one."""

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
    """The largest first."""
    rows = world.store.rows(
        "SELECT * FROM renditions WHERE vod_row = ? ORDER BY height DESC", vod.pk
    )
    return [_rendition(row) for row in rows]


def of_media(world: World, uid: str) -> list[Rendition]:
    """What can be watched of the VODs that show this media, the largest first."""
    rows = world.store.rows(
        "SELECT renditions.* FROM vods JOIN renditions ON renditions.vod_row = vods.row"
        " WHERE vods.media_uid = ? AND renditions.status = 'ready' ORDER BY renditions.height DESC",
        uid,
    )
    return [_rendition(row) for row in rows]


def request(world: World, vod: Vod, names: Sequence[str]) -> None:
    """Queue what of these is not there or has failed.

    Refuses (`invalid`) unknown names and sizes that the VOD does not reach, (`conflict`) a VOD that
    is not ready or has no picture, (`unavailable`) more than may wait.
    """
    if vod.status != "ready":
        raise Refused("conflict", f"VOD is {vod.status}. Only a ready one is transcoded.")
    if vod.best is None:
        raise Refused("conflict", "This VOD has no picture to transcode.")
    for name in names:
        _check_name(vod, name)
    there = {rendition.name: rendition for rendition in of(world, vod)}
    wanted = [
        name for name in dict.fromkeys(names) if name not in there or there[name].status == "failed"
    ]
    waiting = world.store.number("SELECT count(*) FROM renditions WHERE status = 'queued'")
    if waiting + len(wanted) > WAITING_MAX:
        message = f"{waiting} renditions wait to be made. Try again."
        raise Refused("unavailable", message, retry_after_seconds=10)
    with world.change():
        for name in wanted:
            _queue(world, vod, name)


def find(world: World, uid: str) -> Rendition:
    """Refuses (`not_found`) one whose VOD is gone."""
    row = world.store.row("SELECT * FROM renditions WHERE uid = ?", uid)
    if row is None:
        raise Refused("not_found", "Rendition not found")
    return _rendition(row)


def ready(world: World, uid: str) -> Rendition | None:
    """The rendition with this uid, if it can be watched."""
    row = world.store.row("SELECT * FROM renditions WHERE uid = ? AND status = 'ready'", uid)
    return None if row is None else _rendition(row)


def source_of(world: World, rendition: Rendition) -> Vod:
    """The VOD that it shows in another size."""
    vod = recordings.one(world, "WHERE vods.row = ?", rendition.vod_pk)
    assert vod is not None
    return vod


def unfinished(world: World) -> list[Rendition]:
    """Those that wait or are being made, the oldest first."""
    rows = world.store.rows(
        "SELECT * FROM renditions WHERE status IN ('queued', 'processing') ORDER BY row"
    )
    return [_rendition(row) for row in rows]


def start(world: World, uid: str) -> Vod:
    """Its turn has come. Returns what it is made of. Refuses (`not_found`) one that is gone."""
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
    """It can be watched. Refuses (`not_found`) one that is gone."""
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
    """It cannot be made. Refuses (`not_found`) one that is gone."""
    vod_id = _vod_id(world, uid)
    with world.change():
        world.store.write(
            "UPDATE renditions SET status = 'failed', failure = ? WHERE uid = ?", reason, uid
        )
        world.emit(RenditionFailed(at_ms=world.now_ms, vod_id=vod_id, uid=uid, reason=reason))


def adopt(world: World, vod: Vod, uid: str, bitrate: int) -> None:
    """A rendition of the live stream is one of its VOD now. Refuses (`not_found`) another uid."""
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
        message = f"The video is {height} pixels high: {name} would show no more than that"
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
