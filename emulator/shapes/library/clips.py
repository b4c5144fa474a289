"""CLIP (contract, schemas)."""

from typing import TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso
from emulator.world.library.clips import Clip, ClipStatus
from emulator.world.people import accounts
from emulator.world.world import World


class ClipStream(TypedDict):
    id: str
    title: str


class ClipShape(TypedDict):
    """Times are in seconds from the stream's start. `video_url` is an MP4, null until ready."""

    id: str
    stream_id: str
    user_id: str
    title: str
    start_time: float
    end_time: float
    duration: float
    video_url: str | None
    thumbnail_url: str | None
    view_count: int
    user: UserCard
    stream: ClipStream
    status: ClipStatus
    created_at: str


def clip_shape(world: World, addresses: Addresses, clip: Clip) -> ClipShape:
    maker = user_card(accounts.by_pk(world, clip.user_pk))
    base = f"{addresses.media}/{clip.uid}"
    is_ready = clip.status == "ready"
    return {
        "id": clip.id,
        "stream_id": clip.stream_id,
        "user_id": maker["id"],
        "title": clip.title,
        "start_time": clip.from_ms / 1000,
        "end_time": clip.to_ms / 1000,
        "duration": clip.duration_ms / 1000,
        "video_url": f"{base}/downloads/default.mp4" if is_ready else None,
        "thumbnail_url": f"{base}/thumbnails/thumbnail.jpg" if is_ready else None,
        "view_count": clip.view_count,
        "user": maker,
        "stream": {"id": clip.stream_id, "title": clip.stream_title},
        "status": clip.status,
        "created_at": iso(clip.created_at_ms),
    }
