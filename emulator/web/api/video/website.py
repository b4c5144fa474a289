"""`/video`: the same videos as the platform's website reads them, in camelCase."""

from typing import Literal, TypedDict

from pydantic import Field

from emulator.shapes.website import WebsiteAnalytics, WebsiteVideo, website_analytics, website_video
from emulator.web.api.models import Request
from emulator.web.api.video.uploads import upload
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation, Upload
from emulator.world.video import lists, videos

_STATUS = {
    "uploading": "draft",
    "processing": "processing",
    "completed": "ready",
    "failed": "failed",
}
_ORDER = {"createdAt": "created", "name": "name", "duration": "duration", "fileSize": "size"}


class WebsiteUpload(Request):
    name: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)


class LibraryQuery(Request):
    is_documented_in_camel_case = True

    page: int = Field(1, ge=1, le=1_000_000)
    page_size: int = Field(20, ge=1, le=100)
    status: Literal["uploading", "processing", "completed", "failed"] | None = None
    sort_by: Literal["createdAt", "name", "duration", "fileSize"] = "createdAt"
    sort_order: Literal["asc", "desc"] = "desc"


class WebsiteLibrary(TypedDict):
    videos: list[WebsiteVideo]
    total: int
    page: int
    pageSize: int


class Success(TypedDict):
    success: bool


async def create(call: Call) -> WebsiteVideo:
    """Upload a video."""
    wish = call.body_as(WebsiteUpload)
    if call.upload is None:
        raise RuntimeError("an upload was reached without a file")
    values = {"title": wish.name} if wish.name else {}
    patch = values | {"description": wish.description}
    return website_video(call.world, call.addresses, await upload(call, call.upload, patch))


def library(call: Call) -> WebsiteLibrary:
    """List the caller's videos."""
    query = call.query_as(LibraryQuery)
    found, total = lists.of_user(
        call.world,
        call.user,
        status=_STATUS[query.status] if query.status else None,
        order=f"{_ORDER[query.sort_by]} {query.sort_order}",
        offset=(query.page - 1) * query.page_size,
        count=query.page_size,
    )
    return {
        "videos": [website_video(call.world, call.addresses, video) for video in found],
        "total": total,
        "page": query.page,
        "pageSize": query.page_size,
    }


def read(call: Call) -> WebsiteVideo:
    """Read a video."""
    video = videos.find_for(call.world, call.path["video_id"], call.caller)
    return website_video(call.world, call.addresses, video)


def delete(call: Call) -> Success:
    """Delete a video; its files go, too."""
    videos.delete(call.world, videos.find_own(call.world, call.path["video_id"], call.user))
    return {"success": True}


def analytics(call: Call) -> WebsiteAnalytics:
    """Read who watched a video, and how far.

    `engagementScore`: two thirds how much of it is seen to the end, one third who likes it.
    """
    video = videos.find_own(call.world, call.path["video_id"], call.user)
    return website_analytics(call.world, video)


OPERATIONS = [
    Operation(
        method="POST",
        path="/video/upload",
        auth="user",
        answer=create,
        body=WebsiteUpload,
        upload=Upload(bytes_max=lambda platform: platform.upload_bytes_max),
        status=201,
        refuses=("unavailable",),
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/video/library",
        auth="user",
        answer=library,
        query=LibraryQuery,
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/video/{video_id}",
        auth="user",
        answer=read,
        refuses=("not_found",),
        provenance="client",
    ),
    Operation(
        method="DELETE",
        path="/video/{video_id}",
        auth="user",
        answer=delete,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/video/{video_id}/analytics",
        auth="user",
        answer=analytics,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
]
