"""VOD (contract, schemas)."""

from typing import Any, TypedDict

from emulator.web.platform import Platform
from emulator.web.shapes.live import CategoryShape, category_shape
from emulator.web.shapes.people import UserCard, user_card
from emulator.web.shapes.times import iso, iso_or_none
from emulator.world.library.recordings import Vod
from emulator.world.live import categories, streams
from emulator.world.people import accounts


class QualityShape(TypedDict):
    label: str
    width: int
    height: int
    bitrate: int
    url: str


class VodStream(TypedDict):
    title: str
    category: CategoryShape | None


class VodShape(TypedDict):
    """`duration` is in seconds. The addresses are null until the VOD is ready."""

    id: str
    stream_id: str | None
    user_id: str
    title: str
    description: str | None
    status: str
    duration: float
    thumbnail_url: str | None
    video_url: str | None
    mp4_url: str | None
    cloudflare_video_id: str
    playback_url: str | None
    view_count: int
    visibility: str
    is_nsfw: bool
    content_warning: str | None
    chapters: list[Any]
    qualities: list[QualityShape]
    stream: VodStream | None
    user: UserCard
    created_at: str
    ready_at: str | None


def vod_shape(platform: Platform, vod: Vod) -> VodShape:
    owner = user_card(accounts.by_row(platform.world, vod.user_row))
    base = f"{platform.addresses.media}/{vod.uid}"
    is_ready = vod.status == "ready"
    playlist = f"{base}/manifest/video.m3u8"
    return {
        "id": vod.id,
        "stream_id": vod.stream_id,
        "user_id": owner["id"],
        "title": vod.title,
        "description": vod.description,
        "status": vod.status,
        "duration": vod.duration_ms / 1000,
        "thumbnail_url": f"{base}/thumbnails/thumbnail.jpg" if is_ready else None,
        "video_url": playlist if is_ready else None,
        "mp4_url": f"{base}/downloads/default.mp4" if is_ready else None,
        "cloudflare_video_id": vod.uid,
        "playback_url": playlist if is_ready else None,
        "view_count": vod.view_count,
        "visibility": vod.visibility,
        "is_nsfw": vod.is_nsfw,
        "content_warning": vod.content_warning,
        "chapters": [],
        "qualities": [
            {
                "label": quality.label,
                "width": quality.width,
                "height": quality.height,
                "bitrate": quality.bitrate,
                "url": playlist,
            }
            for quality in vod.qualities
        ],
        "stream": _stream(platform, vod),
        "user": owner,
        "created_at": iso(vod.created_at_ms),
        "ready_at": iso_or_none(vod.ready_at_ms),
    }


def _stream(platform: Platform, vod: Vod) -> VodStream | None:
    if vod.stream_id is None:
        return None
    stream = streams.find(platform.world, vod.stream_id)
    category_id = stream.category_id
    return {
        "title": stream.title,
        "category": (
            category_shape(categories.find(platform.world, category_id)) if category_id else None
        ),
    }
