"""Media: what a video shows, and which of it is the video's own."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.library import recordings
from emulator.world.live import streams
from emulator.world.people.accounts import User
from emulator.world.world import World


class VideoFootage(Struct, frozen=True):
    """Something to watch under a CDN uid. Sizes are in pixels, `file_bytes` as it was uploaded."""

    uid: str
    form: str
    width: int
    height: int
    duration_ms: int
    file_bytes: int
    name: str = ""


def add(world: World, video_pk: int, uid: str, *, is_source: bool) -> None:
    """Give a video media of its own, inside `change`."""
    world.store.insert(
        "video_media", uid=uid, video_row=video_pk, is_source=is_source, created_at_ms=world.now_ms
    )


def of(world: World, video_pk: int) -> list[str]:
    """The uids of a video's own media, the oldest first."""
    rows = world.store.rows(
        "SELECT uid FROM video_media WHERE video_row = ? ORDER BY row", video_pk
    )
    return [row["uid"] for row in rows]


def source_of(world: World, video_pk: int, shown_uid: str) -> str:
    """The uid of what was uploaded; of a video of a recording, what it shows."""
    row = world.store.row(
        "SELECT uid FROM video_media WHERE video_row = ? AND is_source = 1 LIMIT 1", video_pk
    )
    return str(row["uid"]) if row else shown_uid


def media_uid_of(world: World, uid: str) -> str:
    """Under which uid the files lie: a VOD's are its stream's."""
    vod = recordings.by_uid(world, uid)
    return vod.media_uid if vod is not None else uid


def replace(world: World, video_pk: int, uid: str) -> list[str]:
    """Keep the source and this media of a video, inside `change`.

    Returns the uids of the rest, which nobody speaks of any more.
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
    """Whether a fact other than a video's own still speaks of this media: a VOD made of it."""
    return world.store.row("SELECT 1 FROM vods WHERE media_uid = ?", uid) is not None


def of_recording(world: World, uid: str, viewer: User) -> VideoFootage:
    """The finished recording under a stream's or a VOD's uid.

    Refuses (`not_found`) what is unknown, not ready, or not for `viewer` to see.
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
