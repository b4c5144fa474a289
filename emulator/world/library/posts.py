"""Posts: an uploaded VOD is posted to its owner's organisation (tenant), whose members see it."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.library import VodUploaded
from emulator.world.library import recordings
from emulator.world.library.recordings import Loop, Quality, Vod
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.video import videos
from emulator.world.video.videos import Video
from emulator.world.world import World


class Post(Struct, frozen=True):
    """The text posted with a VOD. The VOD's visibility says who sees it."""

    id: str
    content: str
    created_at_ms: int


class _Source(Struct, frozen=True):
    """Existing media for a VOD. `duration_ms` is 0 while the media is unfinished."""

    uid: str
    duration_ms: int
    qualities: tuple[Quality, ...]
    loop: Loop | None


def upload(world: World, user: User, patch: Mapping[str, Any]) -> tuple[Vod, Post]:
    """Create a VOD from the media that `cloudflare_video_id` names, and post it.

    It is `processing` until that media is complete and examined. Refuses (`forbidden`) a user
    without tenant, (`not_found`) unknown media or media that the user may not see, (`conflict`) one
    VOD too many.
    """
    if user.tenant_id is None:
        raise Refused("forbidden", "You do not belong to an organisation (tenant)")
    source = _source(world, patch["cloudflare_video_id"], user)
    _check_room(world, user)
    vod_id, post_id, now_ms = world.ids.uuid(), world.ids.uuid(), world.now_ms
    with world.change():
        row = world.store.insert(
            "vods",
            id=vod_id,
            uid=world.ids.uid(),
            video_uid=patch["cloudflare_video_id"],
            media_uid=source.uid,
            user_row=user.pk,
            title=patch["title"],
            description=patch.get("description"),
            visibility=patch.get("visibility") or "public",
            is_nsfw=bool(patch.get("is_nsfw")),
            content_warning=patch.get("content_warning"),
            duration_ms=source.duration_ms,
            qualities=recordings.qualities_json(source.qualities),
            loop_began_at_ms=source.loop.began_at_ms if source.loop else None,
            loop_ended_at_ms=source.loop.ended_at_ms if source.loop else None,
            created_at_ms=now_ms,
        )
        world.store.insert(
            "posts",
            id=post_id,
            vod_row=row,
            group_id=patch.get("group_id"),
            content=patch.get("description") or patch["title"],
            created_at_ms=now_ms,
        )
        world.emit(VodUploaded(at_ms=now_ms, vod_id=vod_id, user_id=user.id, media_uid=source.uid))
    vod = recordings.find(world, vod_id)
    post = of(world, vod)
    assert post is not None
    return vod, post


def of(world: World, vod: Vod) -> Post | None:
    """Return the post of a VOD; None for the recording of a stream."""
    row = world.store.row("SELECT id, content, created_at_ms FROM posts WHERE vod_row = ?", vod.pk)
    return Post(*row) if row else None


def find_in_tenant(world: World, vod_id: str, user: User) -> Vod:
    """Return a VOD of the user or their tenant. Refuses (`not_found`) any other."""
    vod = recordings.find(world, vod_id)
    if vod.user_pk != user.pk:
        owner = accounts.by_pk(world, vod.user_pk)
        if user.tenant_id is None or owner.tenant_id != user.tenant_id:
            raise Refused("not_found", "VOD not found")
    return vod


def find_for(world: World, vod_id: str, user: User) -> Vod:
    """Return a VOD of the user's tenant, or one they may see anyway.

    Refuses (`not_found`) others.
    """
    vod = recordings.find(world, vod_id)
    if recordings.may_see(world, vod, user):
        return vod
    return find_in_tenant(world, vod_id, user)


def find_own(world: World, vod_id: str, user: User) -> Vod:
    """Return the VOD with this id for its owner. Refuses (`forbidden`) anybody else."""
    vod = find_for(world, vod_id, user)
    if vod.user_pk != user.pk:
        raise Refused("forbidden", "Not authorized to manage this VOD")
    return vod


def _check_room(world: World, user: User) -> None:
    count = world.store.number(
        "SELECT count(*) FROM vods WHERE user_row = ? AND video_uid IS NOT NULL", user.pk
    )
    if count >= world.rules.vod_uploads_per_user_max:
        raise Refused("conflict", f"You have uploaded {count} VODs. Delete some.")


def _source(world: World, uid: str, user: User) -> _Source:
    vod = recordings.by_uid(world, uid)
    stream = streams.by_uid(world, uid) if vod is None else None
    if stream is not None and stream.status == "ended":
        vod = recordings.by_media(world, uid)
    if vod is None and stream is None:
        video = videos.by_uid(world, uid)
        if video is not None and video.status != "failed" and videos.may_see(world, video, user):
            is_ready = video.status == "ready"
            qualities = (quality_of(video),) if is_ready else ()
            return _Source(uid, video.duration_ms if is_ready else 0, qualities, None)
        vod = recordings.by_media(world, uid)
    if vod is None or not recordings.may_see(world, vod, user):
        raise Refused("not_found", "There is no video with this cloudflare_video_id")
    return _Source(vod.media_uid, vod.duration_ms, vod.qualities, vod.loop)


def quality_of(video: Video) -> Quality:
    """Return the quality of a VOD that shows this uploaded video."""
    seconds = max(1, video.duration_ms) / 1000
    bitrate = round(video.file_bytes * 8 / seconds)
    return Quality(f"{video.height}p", video.width, video.height, bitrate)
