"""Clips: up to a minute of a stream, really cut; found at the stream, its maker, or as popular."""

from typing import TypedDict

from pydantic import Field

from emulator.shapes.library.clips import ClipShape, clip_shape
from emulator.web.api.library.places import placed
from emulator.web.api.models import Page, Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.library import clips
from emulator.world.library.clips import Clip
from emulator.world.live import streams
from emulator.world.people import accounts

# Seconds since 1970 are times too, up to the year 2286.
SECONDS_MAX = 10_000_000_000


class ClipCreate(Request):
    """Times are in seconds from the stream's start, or since 1970.

    A clip of a live stream may begin before the stream did: it is cut to what is there.
    """

    title: str = Field(min_length=1, max_length=200)
    start_time: float = Field(gt=-SECONDS_MAX, lt=SECONDS_MAX, allow_inf_nan=False)
    end_time: float = Field(ge=0, lt=SECONDS_MAX, allow_inf_nan=False)


class PopularQuery(Request):
    limit: int = Field(20, ge=1, le=100)


class ClipPage(TypedDict):
    items: list[ClipShape]
    total: int
    page: int
    per_page: int
    has_more: bool


def create(call: Call) -> ClipShape:
    """Have a clip made of a stream, also while it is live. It is processing until it is cut."""
    stream = streams.find_for(call.world, call.path["stream_id"], call.user)
    wish = call.body_as(ClipCreate)
    call.platform.media_store.check_room()
    with placed():
        clip = clips.create(
            call.world,
            stream,
            call.user,
            wish.title,
            round(wish.start_time * 1000),
            round(wish.end_time * 1000),
        )
    return clip_shape(call.world, call.addresses, clip)


def of_stream(call: Call) -> ClipPage:
    """List a stream's clips, the newest first."""
    query = call.query_as(Page)
    stream = streams.find_for(call.world, call.path["stream_id"], call.caller)
    found, total = clips.of_stream(call.world, stream, offset=query.offset, count=query.per_page)
    return _page(call, query, found, total)


def of_user(call: Call) -> ClipPage:
    """List the clips that a user made, the newest first."""
    query = call.query_as(Page)
    user = accounts.by_username(call.world, call.path["username"])
    found, total = clips.of_user(
        call.world, user, call.caller, offset=query.offset, count=query.per_page
    )
    return _page(call, query, found, total)


def popular(call: Call) -> list[ClipShape]:
    """List the clips that most people watched."""
    found = clips.popular(call.world, call.query_as(PopularQuery).limit)
    return [clip_shape(call.world, call.addresses, clip) for clip in found]


def read(call: Call) -> ClipShape:
    """Read a clip, and count a view of it."""
    clip = clips.find_for(call.world, call.path["clip_id"], call.caller)
    return clip_shape(call.world, call.addresses, clips.watch(call.world, clip))


def delete(call: Call) -> None:
    """Delete a clip; its file goes, too."""
    clips.delete(call.world, clips.find_own(call.world, call.path["clip_id"], call.user))


def _page(call: Call, query: Page, found: list[Clip], total: int) -> ClipPage:
    return {
        "items": [clip_shape(call.world, call.addresses, clip) for clip in found],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


OPERATIONS = [
    Operation(
        method="POST",
        path="/streams/{stream_id}/clips",
        auth="user",
        answer=create,
        body=ClipCreate,
        status=201,
        refuses=("forbidden", "not_found", "conflict", "unavailable", "invalid"),
        provenance="client",
    ),
    Operation(
        method="GET",
        path="/streams/{stream_id}/clips",
        auth="optional",
        answer=of_stream,
        query=Page,
        refuses=("not_found",),
        provenance="client",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/clips",
        auth="optional",
        answer=of_user,
        query=Page,
        refuses=("not_found",),
        provenance="client",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/clips/popular",
        auth="public",
        answer=popular,
        query=PopularQuery,
        provenance="client",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/clips/{clip_id}",
        auth="optional",
        answer=read,
        refuses=("not_found",),
        provenance="client",
    ),
    Operation(
        method="DELETE",
        path="/streams/clips/{clip_id}",
        auth="user",
        answer=delete,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
]
