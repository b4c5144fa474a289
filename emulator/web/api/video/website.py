"""`/video`: the videos in the form that the platform's website reads, in camelCase."""

from typing import Literal, TypedDict

from pydantic import Field

from emulator.shapes.website import WebsiteAnalytics, WebsiteVideo, website_analytics, website_video
from emulator.web.api.models import Request
from emulator.web.api.video.uploads import upload
from emulator.web.http.bodies import UploadedFile
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.operation import Upload
from emulator.world.people.accounts import User
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


@endpoint(
    "POST",
    "/video/upload",
    provenance="client",
    status=201,
    refuses=("unavailable",),
    upload=Upload(bytes_max=lambda platform: platform.upload_bytes_max),
)
async def upload_website_video(
    call: Call, caller: User, body: WebsiteUpload, file: UploadedFile
) -> WebsiteVideo:
    """Upload a video."""
    values = {"title": body.name} if body.name else {}
    patch = values | {"description": body.description}
    return website_video(call.world, call.addresses, await upload(call, caller, file, patch))


@endpoint("GET", "/video/library", provenance="client")
def list_website_videos(call: Call, caller: User, query: LibraryQuery) -> WebsiteLibrary:
    """List the caller's videos."""
    listed, total = lists.of_user(
        call.world,
        caller,
        status=_STATUS[query.status] if query.status else None,
        order=f"{_ORDER[query.sort_by]} {query.sort_order}",
        offset=(query.page - 1) * query.page_size,
        count=query.page_size,
    )
    return {
        "videos": [website_video(call.world, call.addresses, video) for video in listed],
        "total": total,
        "page": query.page,
        "pageSize": query.page_size,
    }


@endpoint("GET", "/video/{video_id}", provenance="client")
def get_website_video(call: Call, caller: User, video_id: str) -> WebsiteVideo:
    """Read a video."""
    video = videos.find_for(call.world, video_id, caller)
    return website_video(call.world, call.addresses, video)


@endpoint("DELETE", "/video/{video_id}", provenance="client", refuses=("forbidden",))
def delete_website_video(call: Call, caller: User, video_id: str) -> Success:
    """Delete a video and its files."""
    videos.delete(call.world, videos.find_own(call.world, video_id, caller))
    return {"success": True}


@endpoint("GET", "/video/{video_id}/analytics", provenance="client", refuses=("forbidden",))
def get_website_video_analytics(call: Call, caller: User, video_id: str) -> WebsiteAnalytics:
    """Read a video's viewers, and how far they watched.

    `engagementScore`: two thirds the completion rate, one third the likes per viewer.
    """
    video = videos.find_own(call.world, video_id, caller)
    return website_analytics(call.world, video)
