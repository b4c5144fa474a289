"""Pictures and renditions of a VOD (contract, endpoints)."""

from typing import Literal, TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.library.vods import added_url, base_of
from emulator.world.library import picture_sizes, renditions, thumbnails
from emulator.world.library.recordings import Quality, Vod, VodStatus
from emulator.world.library.renditions import Rendition, RenditionStatus
from emulator.world.library.thumbnails import Thumbnail
from emulator.world.world import World

PICTURES_MAX = 10


class ThumbnailShape(TypedDict):
    """`time_seconds` is null of a picture that was uploaded."""

    time_seconds: float | None
    url: str
    width: int
    height: int


class Thumbnails(TypedDict):
    thumbnails: list[ThumbnailShape]
    storyboard_url: str | None


class RenditionShape(TypedDict):
    name: str
    width: int
    height: int
    bitrate: int
    status: VodStatus | RenditionStatus


class Transcoding(TypedDict):
    status: Literal["processing", "completed", "failed"]
    progress_percent: int
    renditions: list[RenditionShape]


_STATUS: dict[bool, Literal["processing", "completed"]] = {True: "processing", False: "completed"}


def thumbnails_shape(world: World, addresses: Addresses, vod: Vod) -> Thumbnails:
    """A VOD's thumbnails: up to ten at equal distances, and those that were added."""
    width, height = picture_sizes.of_vod(vod)
    if vod.status != "ready" or not height:
        return {"thumbnails": [], "storyboard_url": None}
    pictures = f"{base_of(addresses, vod)}/thumbnails"
    count = max(1, min(PICTURES_MAX, vod.duration_ms // 1000))
    usual = [
        Thumbnail("", vod.duration_ms * number // count, None, width, height)
        for number in range(count)
    ]
    added = thumbnails.of(world, vod)
    return {
        "thumbnails": [
            thumbnail_shape(addresses, vod, thumbnail) for thumbnail in (*usual, *added)
        ],
        "storyboard_url": f"{pictures}/storyboard.vtt",
    }


def thumbnail_shape(addresses: Addresses, vod: Vod, thumbnail: Thumbnail) -> ThumbnailShape:
    position_ms = thumbnail.position_ms
    return {
        "time_seconds": None if position_ms is None else position_ms / 1000,
        "url": added_url(f"{base_of(addresses, vod)}/thumbnails", thumbnail),
        "width": thumbnail.width,
        "height": thumbnail.height,
    }


def transcoding_shape(world: World, vod: Vod) -> Transcoding:
    """A VOD's qualities: as it was recorded, and the renditions that were requested."""
    listed = renditions.of(world, vod)
    going = [rendition for rendition in listed if rendition.status in {"queued", "processing"}]
    is_going = bool(going) or vod.status == "processing"
    shares = [
        100 if rendition.status in {"ready", "failed"} else rendition.progress_percent
        for rendition in listed
    ]
    if vod.status == "processing":
        shares = [0]
    return {
        "status": "failed" if vod.status == "failed" else _STATUS[is_going],
        "progress_percent": sum(shares) // len(shares) if shares else 100,
        "renditions": [
            *(_rendition(quality, quality.label, vod.status) for quality in vod.qualities),
            *(_rendition(rendition, rendition.name, rendition.status) for rendition in listed),
        ],
    }


def _rendition(
    rendition: Quality | Rendition, name: str, status: VodStatus | RenditionStatus
) -> RenditionShape:
    return {
        "name": name,
        "width": rendition.width,
        "height": rendition.height,
        "bitrate": rendition.bitrate,
        "status": status,
    }
