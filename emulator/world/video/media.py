"""Media: the media that videos show, and which of it belongs to a video."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.library import recordings
from emulator.world.live import streams
from emulator.world.people.accounts import User
from emulator.world.world import World


class VideoFootage(Struct, frozen=True):
    """Playable media with a CDN uid. Sizes are in pixels; `file_bytes` is the uploaded size."""

    uid: str
    form: str
    width: int
    height: int
    duration_ms: int
    file_bytes: int
    name: str = ""


def add(world: World, video_pk: int, uid: str, *, is_source: bool) -> None:
    """Add media that belongs to a video, inside `change`."""
    world.store.insert(
        "video_media", uid=uid, video_row=video_pk, is_source=is_source, created_at_ms=world.now_ms
    )


def of(world: World, video_pk: int) -> list[str]:
    """Return the uids of the media that belongs to a video, oldest first."""
    rows = world.store.rows(
        "SELECT uid FROM video_media WHERE video_row = ? ORDER BY row", video_pk
    )
    return [row["uid"] for row in rows]


def source_of(world: World, video_pk: int, shown_uid: str) -> str:
    """Return the uid of the uploaded file; for a video of a recording, the uid that it shows."""
    row = world.store.row(
        "SELECT uid FROM video_media WHERE video_row = ? AND is_source = 1 LIMIT 1", video_pk
    )
    return str(row["uid"]) if row else shown_uid


def media_uid_of(world: World, uid: str) -> str:
    """Return the uid of the files: a VOD's files are those of its stream."""
    vod = recordings.by_uid(world, uid)
    return vod.media_uid if vod is not None else uid


def replace(world: World, video_pk: int, uid: str) -> list[str]:
    """Remove all media of a video except its source and this one, inside `change`.

    Returns the uids of the removed media that nothing else needs.
    """
    rows = world.store.rows(
        "SELECT uid FROM video_media WHERE video_row = ? AND is_source = 0 AND uid != ?"
        " ORDER BY row",
        video_pk,
        uid,
    )
    gone = [row["uid"] for row in rows]
    for item in gone:
        world.store.write("DELETE FROM video_media WHERE uid = ?", item)
    return [item for item in gone if not is_needed(world, item)]


def is_needed(world: World, uid: str) -> bool:
    """Whether a VOD still shows this media of a video."""
    return world.store.row("SELECT 1 FROM vods WHERE media_uid = ?", uid) is not None


def of_recording(world: World, uid: str, viewer: User) -> VideoFootage:
    """Return the finished recording with a stream's or a VOD's uid.

    Refuses (`not_found`) a recording that is unknown, not ready, or hidden from `viewer`.
    """
    vod = recordings.by_uid(world, uid)
    if vod is None:
        stream = streams.by_uid(world, uid)
        if stream is None or stream.vod_id is None:
            raise Refused("not_found", "There is no video with this cloudflare_video_id")
        vod = recordings.find(world, stream.vod_id)
    vod = recordings.find_for(world, vod.id, viewer)
    if vod.status != "ready":
        raise Refused("not_found", "The recording of this cloudflare_video_id is not ready yet")
    best = max(vod.qualities, key=lambda quality: quality.height, default=None)
    return VideoFootage(
        uid=uid,
        form="mp4",
        width=best.width if best else 0,
        height=best.height if best else 0,
        duration_ms=vod.duration_ms,
        file_bytes=best.bitrate * vod.duration_ms // 8_000 if best else 0,
    )
