"""VOD (contract, schemas)."""

from typing import TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.dialect import Dialect
from emulator.shapes.library.chapters import ChapterShape, chapter_shape
from emulator.shapes.live import CategoryShape, category_shape
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso, iso_or_none
from emulator.world.library import chapters, renditions, thumbnails
from emulator.world.library.recordings import Visibility, Vod, VodStatus
from emulator.world.library.thumbnails import Thumbnail
from emulator.world.live import categories, streams
from emulator.world.people import accounts
from emulator.world.world import World


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
    """`duration` and `duration_exact` are in seconds, `duration` whole ones under `/v1`.

    The addresses are null until the VOD is ready.

    A simulated recording of more than a day has no `mp4_url`.
    """

    id: str
    stream_id: str | None
    user_id: str
    title: str
    description: str | None
    status: VodStatus
    duration: float
    duration_exact: float
    thumbnail_url: str | None
    video_url: str | None
    mp4_url: str | None
    cloudflare_video_id: str
    playback_url: str | None
    view_count: int
    visibility: Visibility
    is_nsfw: bool
    content_warning: str | None
    chapters: list[ChapterShape]
    qualities: list[QualityShape]
    stream: VodStream | None
    user: UserCard
    created_at: str
    ready_at: str | None


class VodPlayback(TypedDict):
    """The addresses are null until the VOD is ready."""

    vod_id: str
    playback_url: str | None
    hls_url: str | None
    mp4_url: str | None
    status: VodStatus


def vod_shape(world: World, addresses: Addresses, vod: Vod, dialect: Dialect) -> VodShape:
    owner = user_card(accounts.by_pk(world, vod.user_pk))
    base = base_of(addresses, vod)
    is_ready = vod.status == "ready"
    playlist = f"{base}/manifest/video.m3u8"
    return {
        "id": vod.id,
        "stream_id": vod.stream_id,
        "user_id": owner["id"],
        "title": vod.title,
        "description": vod.description,
        "status": vod.status,
        "duration": duration(vod, dialect),
        "duration_exact": vod.duration_ms / 1000,
        "thumbnail_url": thumbnail_url(world, addresses, vod),
        "video_url": playlist if is_ready else None,
        "mp4_url": mp4_url(addresses, vod),
        "cloudflare_video_id": vod.shown_uid,
        "playback_url": playlist if is_ready else None,
        "view_count": vod.view_count,
        "visibility": vod.visibility,
        "is_nsfw": vod.is_nsfw,
        "content_warning": vod.content_warning,
        "chapters": [chapter_shape(addresses, vod, chapter) for chapter in chapters.of(world, vod)],
        "qualities": _qualities(world, addresses, vod),
        "stream": _stream(world, vod),
        "user": owner,
        "created_at": iso(vod.created_at_ms),
        "ready_at": iso_or_none(vod.ready_at_ms),
    }


def vod_playback(addresses: Addresses, vod: Vod) -> VodPlayback:
    """The addresses by which a VOD is played."""
    is_ready = vod.status == "ready"
    playlist = f"{base_of(addresses, vod)}/manifest/video.m3u8" if is_ready else None
    return {
        "vod_id": vod.id,
        "playback_url": playlist,
        "hls_url": playlist,
        "mp4_url": mp4_url(addresses, vod),
        "status": vod.status,
    }


def mp4_url(addresses: Addresses, vod: Vod) -> str | None:
    """The address of a VOD's MP4 file; None while there is none."""
    if vod.status != "ready" or not vod.has_file:
        return None
    return f"{base_of(addresses, vod)}/downloads/default.mp4"


def duration(vod: Vod, dialect: Dialect) -> float:
    """A VOD's duration in seconds; whole ones for the web client, which prints them unchanged."""
    return vod.duration_ms / 1000 if dialect == "documented" else round(vod.duration_ms / 1000)


def base_of(addresses: Addresses, vod: Vod) -> str:
    """The common start of a VOD's addresses."""
    return f"{addresses.media}/{vod.shown_uid}"


def thumbnail_url(world: World, addresses: Addresses, vod: Vod) -> str | None:
    """The address of a VOD's main picture: the last one added, or the default one."""
    if vod.status != "ready":
        return None
    added = thumbnails.latest(world, vod)
    pictures = f"{base_of(addresses, vod)}/thumbnails"
    return added_url(pictures, added) if added else f"{pictures}/thumbnail.jpg"


def added_url(pictures: str, thumbnail: Thumbnail) -> str:
    """The address of an added picture; `pictures` is the start of the VOD's pictures' addresses."""
    if thumbnail.position_ms is None:
        return f"{pictures}/added/{thumbnail.uid}"
    return f"{pictures}/thumbnail.jpg?time={thumbnail.position_ms / 1000:g}s"


def _qualities(world: World, addresses: Addresses, vod: Vod) -> list[QualityShape]:
    """The VOD as it was recorded and its renditions, each with the address by which it plays."""
    details: list[QualityShape] = [
        {
            "label": quality.label,
            "width": quality.width,
            "height": quality.height,
            "bitrate": quality.bitrate,
            "url": f"{base_of(addresses, vod)}/manifest/video.m3u8",
        }
        for quality in vod.qualities
    ]
    for rendition in renditions.of(world, vod):
        if rendition.status == "ready":
            details.append(
                {
                    "label": rendition.name,
                    "width": rendition.width,
                    "height": rendition.height,
                    "bitrate": rendition.bitrate,
                    "url": f"{addresses.media}/{rendition.uid}/manifest/video.m3u8",
                }
            )
    return details


def _stream(world: World, vod: Vod) -> VodStream | None:
    if vod.stream_id is None:
        return None
    stream = streams.find(world, vod.stream_id)
    category_id = stream.category_id
    return {
        "title": stream.title,
        "category": (category_shape(categories.find(world, category_id)) if category_id else None),
    }
