"""`/videos/{video_id}`: views, likes, and what its owner learns of them."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.video import VideoEngagement, video_engagement
from emulator.web.api.models import Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.video import engagement, videos
from emulator.world.video.videos import Video

WATCHED_SECONDS_MAX = 864_000


class ViewCreate(Request):
    watched_seconds: float = Field(ge=0, le=WATCHED_SECONDS_MAX, allow_inf_nan=False)


class Views(TypedDict):
    views: int


class Likes(TypedDict):
    likes: int


def view(call: Call) -> Views:
    """Count a view of a video, of so many seconds."""
    watch_ms = round(1000 * call.body_as(ViewCreate).watched_seconds)
    seen = engagement.view(call.world, _video(call), call.caller, watch_ms)
    return {"views": seen.view_count}


def like(call: Call) -> Likes:
    """Like a video."""
    return {"likes": engagement.like(call.world, _video(call), call.user).like_count}


def unlike(call: Call) -> None:
    """Take a like back."""
    engagement.unlike(call.world, _video(call), call.user)


def read(call: Call) -> VideoEngagement:
    """Read who watched a video, how far, and who liked it."""
    video = videos.find_own(call.world, call.path["video_id"], call.user)
    return video_engagement(call.world, video)


def _video(call: Call) -> Video:
    return videos.find_for(call.world, call.path["video_id"], call.caller)


OPERATIONS = [
    Operation(
        method="GET",
        path="/videos/{video_id}/engagement",
        auth="user",
        answer=read,
        refuses=("forbidden", "not_found"),
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/videos/{video_id}/views",
        auth="optional",
        answer=view,
        body=ViewCreate,
        status=201,
        refuses=("not_found", "conflict"),
        provenance="documented",
    ),
    Operation(
        method="POST",
        path="/videos/{video_id}/like",
        auth="user",
        answer=like,
        status=201,
        refuses=("not_found", "conflict"),
        provenance="assumed",
    ),
    Operation(
        method="DELETE",
        path="/videos/{video_id}/like",
        auth="user",
        answer=unlike,
        status=204,
        refuses=("not_found",),
        provenance="assumed",
    ),
]
