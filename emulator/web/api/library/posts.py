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
from emulator.web.http.operation import Operation
from emulator.world.library import posts, recordings


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


def upload(call: Call) -> Uploaded:
    """Make a VOD of media that is there, and post it. It is processing until that is looked at."""
    vod, post = posts.upload(call.world, call.user, call.body_as(VodUpload).patch())
    return {"vod": vod_card(call.addresses, vod, call.dialect), "post": post_shape(vod, post)}


def read(call: Call) -> VodWithPost:
    """Read a VOD of one's own organisation, with its post."""
    vod = posts.find_in_tenant(call.world, call.path["vod_id"], call.user)
    return vod_with_post(call.world, call.addresses, vod, call.dialect)


def move(call: Call) -> VodCard:
    """Say what has become of a VOD: from processing to ready or failed, from ready to deleted."""
    vod = posts.find_in_tenant(call.world, call.path["vod_id"], call.user)
    moved = recordings.move(call.world, vod, call.query_as(StatusQuery).status)
    return vod_card(call.addresses, moved, call.dialect)


OPERATIONS = [
    Operation(
        method="POST",
        path="/vod/upload",
        auth="user",
        answer=upload,
        body=VodUpload,
        status=201,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/vod/{vod_id}",
        auth="user",
        answer=read,
        refuses=("not_found",),
        provenance="documented",
    ),
    Operation(
        method="PATCH",
        path="/vod/{vod_id}/status",
        auth="user",
        answer=move,
        query=StatusQuery,
        refuses=("not_found", "conflict"),
        provenance="documented",
    ),
]
