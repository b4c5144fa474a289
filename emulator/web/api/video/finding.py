"""`/videos/search`, `/videos/recommendations`, `/videos/{video_id}/related`: find videos."""

from typing import Literal, NotRequired, TypedDict

from pydantic import AliasChoices, Field

from emulator.shapes.pages import PageShape
from emulator.shapes.video import (
    FoundVideo,
    RecommendedVideo,
    VideoShape,
    found_video,
    recommended_video,
    video_shape,
)
from emulator.web.api.models import Page, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.people.accounts import User
from emulator.world.video import finding, videos

STAND_IN = (
    "A stand-in for the platform's AI: words are compared by their stems, their synonyms and the "
    "videos' tags, and no model was asked."
)
COUNTED = (
    "A stand-in for the platform's AI: tags, follows and views are counted, and no model was asked."
)


class VideoSearchQuery(Page):
    """`query` is another name of `q`."""

    q: str = Field("", max_length=500, validation_alias=AliasChoices("q", "query"))
    mode: Literal["text", "semantic"] = "text"


class CountQuery(Request):
    limit: int = Field(20, ge=1, le=100)


class FoundVideoPage(PageShape):
    """`note` says how a semantic search works."""

    items: list[FoundVideo]
    note: NotRequired[str]


class RecommendedVideos(TypedDict):
    """`note` says how they were found."""

    videos: list[RecommendedVideo]
    total: int
    note: str


class RelatedVideos(TypedDict):
    videos: list[VideoShape]
    total: int


@endpoint("GET", "/videos/search", provenance="documented")
def search_videos(call: Call, query: VideoSearchQuery) -> FoundVideoPage:
    """Search public videos by words or by meaning.

    `semantic` is a deterministic stand-in without a model: stems, synonyms and tags.
    """
    find = finding.by_words if query.mode == "text" else finding.by_meaning
    matches, total = find(call.world, query.q, offset=query.offset, count=query.per_page)
    items = [found_video(call.world, call.addresses, match) for match in matches]
    shown: FoundVideoPage = {"items": items, **query.counts(total), "note": STAND_IN}
    if query.mode == "text":
        del shown["note"]
    return shown


@endpoint("GET", "/videos/recommendations", provenance="documented")
def list_recommended_videos(call: Call, caller: User, query: CountQuery) -> RecommendedVideos:
    """List videos for the caller: similar to watched ones, of followed users, popular ones.

    A deterministic stand-in for the platform's AI, which says so; each video has a `reason`.
    """
    matches = finding.recommended(call.world, caller, count=query.limit)
    return {
        "videos": [recommended_video(call.world, call.addresses, match) for match in matches],
        "total": len(matches),
        "note": COUNTED,
    }


@endpoint("GET", "/videos/{video_id}/related")
def list_related_videos(
    call: Call, caller: User | None, video_id: str, query: CountQuery
) -> RelatedVideos:
    """List the public videos most similar to this one."""
    video = videos.find_for(call.world, video_id, caller)
    matches = finding.related(call.world, video, count=query.limit)
    return {
        "videos": [video_shape(call.world, call.addresses, match.video) for match in matches],
        "total": len(matches),
    }
