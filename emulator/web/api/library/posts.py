"""`/vod`: VODs that members of an organisation (tenant) upload and post."""

from typing import Any, Literal

from pydantic import Field

from emulator.shapes.library.posts import (
    Uploaded,
    VodCard,
    VodWithPost,
    post_shape,
    vod_card,
    vod_with_post,
)
from emulator.web.api.models import OptionalId, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import posts, recordings
from emulator.world.people.accounts import User


class VodUpload(Request):
    """`cloudflare_video_id` names a stream's recording, a VOD's or a video's media."""

    cloudflare_video_id: str = Field(min_length=1, max_length=100)
    title: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    visibility: Literal["public", "followers", "private"] | None = None
    group_id: OptionalId = Field(None, max_length=100)
    content_warning: str | None = Field(None, max_length=500)
    is_nsfw: bool | None = None

    def patch(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class StatusQuery(Request):
    status: Literal["processing", "ready", "failed", "deleted"]


@endpoint(
    "POST",
    "/vod/upload",
    provenance="documented",
    status=201,
    refuses=("forbidden", "not_found", "conflict"),
)
def upload_vod(call: Call, caller: User, body: VodUpload) -> Uploaded:
    """Create a VOD from existing media, and post it. It is processing until that is examined."""
    vod, post = posts.upload(call.world, caller, body.patch())
    return {"vod": vod_card(call.addresses, vod, call.dialect), "post": post_shape(vod, post)}


@endpoint("GET", "/vod/{vod_id}", provenance="documented")
def get_vod_card(call: Call, caller: User, vod_id: str) -> VodWithPost:
    """Read a VOD of the caller's organisation, with its post."""
    vod = posts.find_in_tenant(call.world, vod_id, caller)
    return vod_with_post(call.world, call.addresses, vod, call.dialect)


@endpoint("PATCH", "/vod/{vod_id}/status", provenance="documented", refuses=("conflict",))
def set_vod_status(call: Call, caller: User, vod_id: str, query: StatusQuery) -> VodCard:
    """Set a VOD's status: from processing to ready or failed, from ready to deleted."""
    vod = posts.find_in_tenant(call.world, vod_id, caller)
    moved = recordings.move(call.world, vod, query.status)
    return vod_card(call.addresses, moved, call.dialect)
