"""CATEGORY, TAG, STREAM, STREAM_WITH_INGEST and a stream's schedule (contract, schemas).

A stream has its ingest wherever it is shown to its owner. A page of streams takes four queries,
whatever its length.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from msgspec import Raw, Struct, json

from emulator.shapes.addresses import Addresses
from emulator.shapes.pages import PageShape
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso, iso_or_none
from emulator.world.audience import attendance
from emulator.world.live import categories, tags
from emulator.world.live.categories import Branch, Category
from emulator.world.live.moves import Status
from emulator.world.live.schedules import Schedule
from emulator.world.live.streams import Stream, Visibility
from emulator.world.live.tags import Tag
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store.journal import Store
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World


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


class CategoryBranch(CategoryShape):
    children: "list[CategoryBranch]"


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
    """`playback_url` and `hls_url` are one `.m3u8`; `user` and `streamer` are the owner.

    `cloudflare_video_id` is `cloudflare_stream_id`. `thumbnail_url` is null while there is no
    picture.
    """

    id: str
    user_id: str
    title: str
    description: str | None
    status: Status
    category_id: str | None
    category: CategoryShape | None
    tags: list[TagShape]
    thumbnail_url: str | None
    cloudflare_stream_id: str
    cloudflare_video_id: str
    viewer_count: int
    peak_viewers: int
    started_at: str | None
    ended_at: str | None
    created_at: str
    updated_at: str
    duration_seconds: float | None
    is_mature: bool
    visibility: Visibility
    scheduled_start: str | None
    vod_id: str | None
    user: UserCard
    streamer: UserCard
    playback_url: str
    hls_url: str
    playback: Playback


class StreamSchedule(TypedDict):
    """`scheduled_end` and `duration_minutes` are null if only a start was given."""

    stream_id: str
    title: str
    scheduled_start: str
    scheduled_end: str | None
    duration_minutes: int | None


class Ingest(TypedDict):
    rtmps_url: str
    rtmps_key: str
    rtmp_url: str
    srt_url: str | None
    webrtc_url: str


class IngestFields(TypedDict):
    rtmps_url: str
    stream_key: str
    rtmp_url: str
    whip_url: str
    ingest: Ingest


class StreamWithIngest(StreamShape, IngestFields):
    """A stream for its owner. `rtmps_url` and `stream_key` are OBS's server and key."""


# A stream for one viewer: its owner also gets the ingest.
StreamView = StreamWithIngest | StreamShape


class StreamPage(PageShape):
    """The caller's own streams have their ingest."""

    streams: list[StreamView]


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


def category_branch(branch: Branch) -> CategoryBranch:
    return {
        **category_shape(branch.category),
        "children": [category_branch(child) for child in branch.children],
    }


def tag_shape(tag: Tag) -> TagShape:
    return {"id": tag.id, "name": tag.name, "slug": tag.slug, "usage_count": tag.usage_count}


def stream_shape(world: World, addresses: Addresses, stream: Stream) -> StreamShape:
    """A stream as everybody may see it, without its key."""
    return stream_shapes(world, addresses, [stream])[0]


def stream_view(
    world: World, addresses: Addresses, stream: Stream, viewer: User | None
) -> StreamView:
    """A stream as this viewer may see it: with its ingest for its owner."""
    return stream_views(world, addresses, [stream], viewer)[0]


def stream_views(
    world: World, addresses: Addresses, streams: Sequence[Stream], viewer: User | None
) -> list[StreamView]:
    """Many streams as this viewer may see them: the viewer's own with their ingest.

    Only for encoding: the parts that stay the same are JSON already.
    """
    views: list[StreamView] = []
    for stream, shape in zip(streams, _shapes(world, addresses, streams, True), strict=True):
        if viewer is not None and viewer.pk == stream.user_pk:
            own: StreamWithIngest = {**shape, **_ingest(addresses, stream)}
            views.append(own)
        else:
            views.append(shape)
    return views


def stream_shapes(
    world: World, addresses: Addresses, streams: Sequence[Stream]
) -> list[StreamShape]:
    """Many streams as everybody may see them."""
    return _shapes(world, addresses, streams, is_to_be_encoded=False)


def _shapes(
    world: World, addresses: Addresses, streams: Sequence[Stream], is_to_be_encoded: bool
) -> list[StreamShape]:
    """The shapes of many streams.

    Their owners, categories and tags are read together, and only once until something that a shape
    shows is written. Figures that change by themselves are computed each time.

    """
    if not streams:
        return []
    known, place = world.memory(_ShapeCache).values(), (addresses.media, world.media_base())
    shapes = [known.get((place, stream.pk)) for stream in streams]
    unknown = [
        index
        for index, (shape, stream) in enumerate(zip(shapes, streams, strict=True))
        if shape is None or shape.stream is not stream
    ]
    if unknown:
        fresh = _still_shapes(world, addresses, [streams[index] for index in unknown])
        for index, shape in zip(unknown, fresh, strict=True):
            shapes[index] = known[place, shape.stream.pk] = shape
    present, now_ms = attendance.present(world), world.now_ms
    watching = categories.viewers(world, present)
    return [
        _as_of_now(
            world,
            still.stream,
            (still.encoded if is_to_be_encoded else still.shape).copy(),
            present,
            watching,
            now_ms,
        )
        for still in shapes
        if still is not None
    ]


class _StillShape(Struct, frozen=True):
    """The part of a stream's shape that stays the same until something is written.

    `encoded` has the larger parts as JSON already, which halves the cost of encoding a page.
    """

    stream: Stream
    shape: StreamShape
    encoded: StreamShape


class _ShapeCache(TableCache[tuple[tuple[str, str], int], _StillShape]):
    """Cached shapes, by the caller's addresses and the stream's row."""

    def __init__(self, store: Store) -> None:
        shown = ("streams", "vods", "categories", "users", "follows", "stream_tags", "tags")
        super().__init__(store.watch(*shown))


def _still_shapes(
    world: World, addresses: Addresses, streams: Sequence[Stream]
) -> list[_StillShape]:
    values = accounts.by_pks(world, {stream.user_pk for stream in streams})
    owners = {row: user_card(owner) for row, owner in values.items()}
    topics = {
        row: category_shape(category)
        for row, category in categories.by_pks(
            world, {stream.category_pk for stream in streams if stream.category_pk is not None}
        ).items()
    }
    words = tags.of_streams(world, [stream.pk for stream in streams])
    shapes = [
        _still_shape(
            addresses,
            stream,
            owners[stream.user_pk],
            None if stream.category_pk is None else topics[stream.category_pk],
            [tag_shape(tag) for tag in words[stream.pk]],
        )
        for stream in streams
    ]
    return [
        _StillShape(stream, shape, _encoded(shape))
        for stream, shape in zip(streams, shapes, strict=True)
    ]


def _encoded(shape: StreamShape) -> StreamShape:
    parts: Mapping[str, Any] = {
        name: Raw(json.encode(part))
        for name, part in shape.items()
        if name in ("tags", "user", "streamer", "playback")
    }
    return cast(StreamShape, {**shape, **parts})


def _as_of_now(
    world: World,
    stream: Stream,
    shape: StreamShape,
    present: Mapping[str, int],
    watching: Mapping[int, int],
    now_ms: int,
) -> StreamShape:
    """A copy of a shape with the figures that change by themselves."""
    category = shape["category"]
    if category is not None and stream.category_pk is not None:
        viewers = watching.get(stream.category_pk, 0)
        shape["category"] = {**category, "viewer_count": viewers, "total_viewers": viewers}
    if stream.status == "live":
        shape["viewer_count"] = present.get(stream.id, 0)
        shape["peak_viewers"] = attendance.peak(world, stream.id, stream.peak_viewer_count)
    if stream.ended_at_ms is None:
        shape["duration_seconds"] = _duration_seconds(stream, now_ms)
    return shape


def _still_shape(
    addresses: Addresses,
    stream: Stream,
    owner: UserCard,
    category: CategoryShape | None,
    words: list[TagShape],
) -> StreamShape:
    playback = _playback(addresses, stream.uid)
    return {
        "id": stream.id,
        "user_id": owner["id"],
        "title": stream.title,
        "description": stream.description,
        "status": stream.status,
        "category_id": stream.category_id,
        "category": category,
        "tags": words,
        "thumbnail_url": stream.thumbnail_url
        or (playback["thumbnail"] if stream.has_media else None),
        "cloudflare_stream_id": stream.uid,
        "cloudflare_video_id": stream.uid,
        "viewer_count": 0,
        "peak_viewers": stream.peak_viewer_count,
        "started_at": iso_or_none(stream.started_at_ms),
        "ended_at": iso_or_none(stream.ended_at_ms),
        "created_at": iso(stream.created_at_ms),
        "updated_at": iso(stream.updated_at_ms),
        "duration_seconds": _duration_seconds(stream, 0),
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


def stream_with_ingest(world: World, addresses: Addresses, stream: Stream) -> StreamWithIngest:
    """A stream as its owner sees it: with the server and key for OBS."""
    return {**stream_shape(world, addresses, stream), **_ingest(addresses, stream)}


def _ingest(addresses: Addresses, stream: Stream) -> IngestFields:
    """The fields that STREAM_WITH_INGEST has in addition to STREAM."""
    # The key is part of the path: browsers publish by WHIP without a header for it.
    whip_url = f"{addresses.media}/{stream.stream_key}/webRTC/publish"
    return {
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


def schedule_shape(stream: Stream, schedule: Schedule) -> StreamSchedule:
    return {
        "stream_id": stream.id,
        "title": stream.title,
        "scheduled_start": iso(schedule.start_ms),
        "scheduled_end": iso_or_none(schedule.end_ms),
        "duration_minutes": schedule.minutes,
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
    """The time that a stream has been live; for a recorded one, the length of its media."""
    if stream.started_at_ms is None:
        return None
    if stream.ended_at_ms is not None and stream.media_ms is not None:
        return stream.media_ms / 1000
    end_ms = now_ms if stream.ended_at_ms is None else stream.ended_at_ms
    return max(0, end_ms - stream.started_at_ms) / 1000
