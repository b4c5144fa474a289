"""VOD_CARD and POST (contract, schemas)."""

from typing import Literal, TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.dialect import Dialect
from emulator.shapes.library.vods import base_of, duration
from emulator.shapes.times import iso
from emulator.world.library import posts
from emulator.world.library.posts import Post
from emulator.world.library.recordings import Visibility, Vod, VodStatus
from emulator.world.world import World


class VodCard(TypedDict):
    """`duration` is in seconds, whole ones under `/v1`, 0 until that is known."""

    id: str
    status: VodStatus
    title: str
    cloudflare_video_id: str
    playback_url: str
    created_at: str
    visibility: Visibility
    duration: float


class PostShape(TypedDict):
    id: str
    type: Literal["VIDEO"]
    content: str
    visibility: Visibility
    created_at: str


class VodWithPost(VodCard):
    """`post` is null of a VOD that a stream has left behind."""

    post: PostShape | None


class Uploaded(TypedDict):
    vod: VodCard
    post: PostShape


def vod_card(addresses: Addresses, vod: Vod, dialect: Dialect) -> VodCard:
    return {
        "id": vod.id,
        "status": vod.status,
        "title": vod.title,
        "cloudflare_video_id": vod.shown_uid,
        "playback_url": f"{base_of(addresses, vod)}/manifest/video.m3u8",
        "created_at": iso(vod.created_at_ms),
        "visibility": vod.visibility,
        "duration": duration(vod, dialect),
    }


def post_shape(vod: Vod, post: Post) -> PostShape:
    """A POST. Its audience is that of its VOD."""
    return {
        "id": post.id,
        "type": "VIDEO",
        "content": post.content,
        "visibility": vod.visibility,
        "created_at": iso(post.created_at_ms),
    }


def vod_with_post(world: World, addresses: Addresses, vod: Vod, dialect: Dialect) -> VodWithPost:
    post = posts.of(world, vod)
    return {**vod_card(addresses, vod, dialect), "post": post_shape(vod, post) if post else None}
