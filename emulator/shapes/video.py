"""VIDEO, ALBUM, ANNOTATION and the figures of a video's audience (contract, schemas)."""

from typing import Any, TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.people import UserCard, user_card
from emulator.shapes.times import iso
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.video import albums, engagement
from emulator.world.video.albums import Album
from emulator.world.video.annotations import Annotation, Kind
from emulator.world.video.finding import VideoMatch
from emulator.world.video.moves import VideoStatus
from emulator.world.video.videos import Video, Visibility
from emulator.world.world import World


class VideoShape(TypedDict):
    """`duration` is in seconds. The addresses are null until the video is ready."""

    id: str
    user_id: str
    title: str
    description: str | None
    tags: list[str]
    visibility: Visibility
    status: VideoStatus
    duration: float | None
    width: int | None
    height: int | None
    thumbnail_url: str | None
    playback_url: str | None
    cloudflare_video_id: str
    view_count: int
    like_count: int
    user: UserCard
    created_at: str
    updated_at: str


class FoundVideo(VideoShape):
    """`relevance_score` is 0 to 1."""

    relevance_score: float


class RecommendedVideo(VideoShape):
    """`score` is 0 to 1, `reason` a sentence for people."""

    score: float
    reason: str


class AnnotationShape(TypedDict):
    """`timestamp` and `duration` are in seconds; `position` as it was given."""

    id: str
    video_id: str
    timestamp: float
    duration: float
    title: str
    description: str
    type: Kind
    position: Any
    code_snippet: str | None
    language: str | None


class RetentionPoint(TypedDict):
    second: int
    percentage: float


class VideoEngagement(TypedDict):
    """`completion_rate` is 0 to 1. Nothing counts shares, so there are none."""

    video_id: str
    views: int
    unique_viewers: int
    average_watch_seconds: float
    completion_rate: float
    likes: int
    shares: int
    retention: list[RetentionPoint]


class AlbumShape(TypedDict):
    """`video_count` and `cover_url` are of the videos that the reader may see."""

    id: str
    user_id: str
    title: str
    description: str | None
    visibility: Visibility
    video_count: int
    cover_url: str | None
    created_at: str


class AlbumWithVideos(AlbumShape):
    videos: list[VideoShape]


def playlist_url(addresses: Addresses, video: Video) -> str | None:
    """The address of a video's playlist; None while it cannot be played."""
    if video.status != "ready":
        return None
    return f"{addresses.media}/{video.uid}/manifest/video.m3u8"


def thumbnail_url(addresses: Addresses, video: Video) -> str | None:
    """The address of a video's picture: of the instant that its owner chose, or the default one."""
    if video.status != "ready":
        return None
    address = f"{addresses.media}/{video.uid}/thumbnails/thumbnail.jpg"
    return address if video.poster_ms is None else f"{address}?time={video.poster_ms / 1000:.3f}s"


def video_shape(world: World, addresses: Addresses, video: Video) -> VideoShape:
    owner = user_card(accounts.by_pk(world, video.user_pk))
    return {
        "id": video.id,
        "user_id": owner["id"],
        "title": video.title,
        "description": video.description,
        "tags": list(video.tags),
        "visibility": video.visibility,
        "status": video.status,
        "duration": video.duration_ms / 1000 if video.duration_ms else None,
        "width": video.width or None,
        "height": video.height or None,
        "thumbnail_url": thumbnail_url(addresses, video),
        "playback_url": playlist_url(addresses, video),
        "cloudflare_video_id": video.uid,
        "view_count": video.view_count,
        "like_count": video.like_count,
        "user": owner,
        "created_at": iso(video.created_at_ms),
        "updated_at": iso(video.updated_at_ms),
    }


def found_video(world: World, addresses: Addresses, match: VideoMatch) -> FoundVideo:
    return {**video_shape(world, addresses, match.video), "relevance_score": match.score}


def recommended_video(world: World, addresses: Addresses, match: VideoMatch) -> RecommendedVideo:
    shape = video_shape(world, addresses, match.video)
    return {**shape, "score": match.score, "reason": match.reason}


def annotation_shape(video: Video, annotation: Annotation) -> AnnotationShape:
    note = annotation.note
    return {
        "id": annotation.id,
        "video_id": video.id,
        "timestamp": note.from_ms / 1000,
        "duration": note.length_ms / 1000,
        "title": note.title,
        "description": note.description,
        "type": note.kind,
        "position": note.place,
        "code_snippet": note.code_snippet,
        "language": note.language,
    }


def video_engagement(world: World, video: Video) -> VideoEngagement:
    figures = engagement.of(world, video)
    return {
        "video_id": video.id,
        "views": figures.views,
        "unique_viewers": figures.unique_viewers,
        "average_watch_seconds": figures.average_watch_seconds,
        "completion_rate": figures.completion_rate,
        "likes": figures.likes,
        "shares": 0,
        "retention": [
            {"second": second, "percentage": percentage} for second, percentage in figures.retention
        ],
    }


def album_shape(
    world: World, addresses: Addresses, album: Album, viewer: User | None
) -> AlbumShape:
    return _album(world, addresses, album, albums.shown(world, album, viewer))


def album_with_videos(
    world: World, addresses: Addresses, album: Album, viewer: User | None
) -> AlbumWithVideos:
    shown = albums.shown(world, album, viewer)
    return {
        **_album(world, addresses, album, shown),
        "videos": [video_shape(world, addresses, video) for video in shown],
    }


def _album(world: World, addresses: Addresses, album: Album, shown: list[Video]) -> AlbumShape:
    covers = [thumbnail_url(addresses, video) for video in shown]
    return {
        "id": album.id,
        "user_id": accounts.by_pk(world, album.user_pk).id,
        "title": album.title,
        "description": album.description,
        "visibility": album.visibility,
        "video_count": len(shown),
        "cover_url": next((cover for cover in covers if cover), None),
        "created_at": iso(album.created_at_ms),
    }
