"""`/videos/{video_id}`: views, likes, and their figures for the owner."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.video import VideoEngagement, video_engagement
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import engagement, videos

WATCHED_SECONDS_MAX = 864_000


class ViewCreate(Request):
    watched_seconds: float = Field(ge=0, le=WATCHED_SECONDS_MAX, allow_inf_nan=False)


class Views(TypedDict):
    views: int


class Likes(TypedDict):
    likes: int


@endpoint(
    "POST", "/videos/{video_id}/views", provenance="documented", status=201, refuses=("conflict",)
)
def record_video_view(call: Call, caller: User | None, video_id: str, body: ViewCreate) -> Views:
    """Count a view of a video, with the seconds watched."""
    watch_ms = round(1000 * body.watched_seconds)
    seen = engagement.view(
        call.world, videos.find_for(call.world, video_id, caller), caller, watch_ms
    )
    return {"views": seen.view_count}


@endpoint("POST", "/videos/{video_id}/like", status=201, refuses=("conflict",))
def like_video(call: Call, caller: User, video_id: str) -> Likes:
    """Like a video."""
    return {
        "likes": engagement.like(
            call.world, videos.find_for(call.world, video_id, caller), caller
        ).like_count
    }


@endpoint("DELETE", "/videos/{video_id}/like")
def unlike_video(call: Call, caller: User, video_id: str) -> None:
    """Remove a like."""
    engagement.unlike(call.world, videos.find_for(call.world, video_id, caller), caller)


@endpoint("GET", "/videos/{video_id}/engagement", provenance="documented", refuses=("forbidden",))
def get_video_engagement(call: Call, caller: User, video_id: str) -> VideoEngagement:
    """Read a video's viewers, how far they watched, and its likes."""
    video = videos.find_own(call.world, video_id, caller)
    return video_engagement(call.world, video)
