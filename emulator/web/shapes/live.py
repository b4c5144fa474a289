"""CATEGORY, TAG, STREAM and STREAM_WITH_INGEST (contract, schemas)."""

from typing import TypedDict

from emulator.web.platform import Addresses, Platform
from emulator.web.shapes.people import UserCard, user_card
from emulator.web.shapes.times import iso, iso_or_none
from emulator.world.live import categories, tags
from emulator.world.live.categories import Category
from emulator.world.live.streams import Stream
from emulator.world.people import accounts


class CategoryShape(TypedDict):
    id: str
    name: str
    slug: str
    description: str | None
    icon_url: str | None
    parent_id: str | None
    is_active: bool
    stream_count: int
    viewer_count: int
    live_streams: int
    total_viewers: int
    created_at: str


class TagShape(TypedDict):
    id: str
    name: str
    slug: str
    usage_count: int


class Playback(TypedDict):
    hls: str
    llhls: str
    whep: str
    iframe: str
    thumbnail: str


class StreamShape(TypedDict):
    """The same `.m3u8` under `playback_url` and `hls_url`; the owner as `user` and `streamer`."""

    id: str
    user_id: str
    title: str
    description: str | None
    status: str
    category_id: str | None
    category: CategoryShape | None
    tags: list[TagShape]
    thumbnail_url: str | None
    cloudflare_stream_id: str
    viewer_count: int
    peak_viewers: int
    started_at: str | None
    ended_at: str | None
    created_at: str
    updated_at: str
    duration_seconds: float | None
    is_mature: bool
    visibility: str
    scheduled_start: str | None
    vod_id: str | None
    user: UserCard
    streamer: UserCard
    playback_url: str
    hls_url: str
    playback: Playback


class Ingest(TypedDict):
    rtmps_url: str
    rtmps_key: str
    rtmp_url: str
    srt_url: str | None
    webrtc_url: str


class StreamWithIngest(StreamShape):
    rtmps_url: str
    stream_key: str
    rtmp_url: str
    whip_url: str
    ingest: Ingest


def category_shape(category: Category) -> CategoryShape:
    return {
        "id": category.id,
        "name": category.name,
        "slug": category.slug,
        "description": category.description,
        "icon_url": category.icon_url,
        "parent_id": category.parent_id,
        "is_active": category.is_active,
        "stream_count": category.stream_count,
        "viewer_count": category.viewer_count,
        "live_streams": category.live_count,
        "total_viewers": category.viewer_count,
        "created_at": iso(category.created_at_ms),
    }


def stream_shape(platform: Platform, stream: Stream) -> StreamShape:
    """A stream as anybody may see it: without its key."""
    world = platform.world
    owner = user_card(accounts.by_row(world, stream.user_row))
    playback = _playback(platform.addresses, stream.uid)
    is_live = stream.status == "live"
    return {
        "id": stream.id,
        "user_id": owner["id"],
        "title": stream.title,
        "description": stream.description,
        "status": stream.status,
        "category_id": stream.category_id,
        "category": (
            category_shape(categories.find(world, stream.category_id))
            if stream.category_id
            else None
        ),
        "tags": [
            {"id": tag.id, "name": tag.name, "slug": tag.slug, "usage_count": tag.usage_count}
            for tag in tags.of_stream(world, stream.row)
        ],
        "thumbnail_url": stream.thumbnail_url or playback["thumbnail"],
        "cloudflare_stream_id": stream.uid,
        "viewer_count": world.viewers.count(stream.id) if is_live else 0,
        "peak_viewers": stream.peak_viewer_count,
        "started_at": iso_or_none(stream.started_at_ms),
        "ended_at": iso_or_none(stream.ended_at_ms),
        "created_at": iso(stream.created_at_ms),
        "updated_at": iso(stream.updated_at_ms),
        "duration_seconds": _duration_seconds(stream, world.now_ms),
        "is_mature": stream.is_mature,
        "visibility": stream.visibility,
        "scheduled_start": iso_or_none(stream.scheduled_start_ms),
        "vod_id": stream.vod_id,
        "user": owner,
        "streamer": owner,
        "playback_url": playback["hls"],
        "hls_url": playback["hls"],
        "playback": playback,
    }


def stream_with_ingest(platform: Platform, stream: Stream) -> StreamWithIngest:
    """A stream as its owner sees it: with the server and key for OBS."""
    addresses = platform.addresses
    # The key stands in the path: browsers publish by WHIP without a header of their own.
    whip_url = f"{addresses.media}/{stream.stream_key}/webRTC/publish"
    return {
        **stream_shape(platform, stream),
        "rtmps_url": addresses.rtmps,
        "stream_key": stream.stream_key,
        "rtmp_url": addresses.rtmp,
        "whip_url": whip_url,
        "ingest": {
            "rtmps_url": addresses.rtmps,
            "rtmps_key": stream.stream_key,
            "rtmp_url": addresses.rtmp,
            "srt_url": None,
            "webrtc_url": whip_url,
        },
    }


def _playback(addresses: Addresses, uid: str) -> Playback:
    base = f"{addresses.media}/{uid}"
    return {
        "hls": f"{base}/manifest/video.m3u8",
        "llhls": f"{base}/manifest/video.m3u8?protocol=llhls",
        "whep": f"{base}/webRTC/play",
        "iframe": f"{base}/iframe",
        "thumbnail": f"{base}/thumbnails/thumbnail.jpg",
    }


def _duration_seconds(stream: Stream, now_ms: int) -> float | None:
    if stream.started_at_ms is None:
        return None
    end_ms = now_ms if stream.ended_at_ms is None else stream.ended_at_ms
    return max(0, end_ms - stream.started_at_ms) / 1000
