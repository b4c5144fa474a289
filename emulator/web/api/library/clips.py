"""Clips of up to a minute of a stream; listed by stream, by maker, and the popular ones."""

from pydantic import Field

from emulator.shapes.library.clips import ClipShape, clip_shape
from emulator.shapes.pages import PageShape
from emulator.web.api.library.places import placed
from emulator.web.api.models import Page, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import clips
from emulator.world.library.clips import Clip
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.people.accounts import User

# Times may also be seconds since 1970, up to the year 2286.
SECONDS_MAX = 10_000_000_000


class ClipCreate(Request):
    """Times are in seconds from the stream's start, or since 1970.

    A clip of a live stream may begin before the stream did: it is shortened to the existing part.
    """

    title: str = Field(min_length=1, max_length=200)
    start_time: float = Field(gt=-SECONDS_MAX, lt=SECONDS_MAX, allow_inf_nan=False)
    end_time: float = Field(ge=0, lt=SECONDS_MAX, allow_inf_nan=False)


class PopularQuery(Request):
    limit: int = Field(20, ge=1, le=100)


class ClipPage(PageShape):
    items: list[ClipShape]


@endpoint(
    "POST",
    "/streams/{stream_id}/clips",
    provenance="client",
    status=201,
    refuses=("forbidden", "conflict", "unavailable", "invalid"),
)
def create_clip(call: Call, caller: User, stream_id: str, body: ClipCreate) -> ClipShape:
    """Create a clip of a stream, also of a live one. It is processing until it is cut."""
    stream = streams.find_for(call.world, stream_id, caller)
    call.platform.media_store.check_room()
    with placed():
        clip = clips.create(
            call.world,
            stream,
            caller,
            body.title,
            round(body.start_time * 1000),
            round(body.end_time * 1000),
        )
    return clip_shape(call.world, call.addresses, clip)


@endpoint("GET", "/streams/{stream_id}/clips", provenance="client")
def list_stream_clips(call: Call, caller: User | None, stream_id: str, query: Page) -> ClipPage:
    """List a stream's clips, newest first."""
    stream = streams.find_for(call.world, stream_id, caller)
    listed, total = clips.of_stream(call.world, stream, offset=query.offset, count=query.per_page)
    return _page(call, query, listed, total)


@endpoint("GET", "/streams/users/{username}/clips", provenance="client")
def list_user_clips(call: Call, caller: User | None, username: str, query: Page) -> ClipPage:
    """List the clips that a user made, newest first."""
    user = accounts.by_username(call.world, username)
    listed, total = clips.of_user(
        call.world, user, caller, offset=query.offset, count=query.per_page
    )
    return _page(call, query, listed, total)


@endpoint("GET", "/streams/clips/popular", provenance="client")
def list_popular_clips(call: Call, query: PopularQuery) -> list[ClipShape]:
    """List the most viewed clips."""
    listed = clips.popular(call.world, query.limit)
    return [clip_shape(call.world, call.addresses, clip) for clip in listed]


@endpoint("GET", "/streams/clips/{clip_id}", provenance="client")
def get_clip(call: Call, caller: User | None, clip_id: str) -> ClipShape:
    """Read a clip, and count a view of it."""
    clip = clips.find_for(call.world, clip_id, caller)
    if call.is_counted:
        clip = clips.watch(call.world, clip)
    return clip_shape(call.world, call.addresses, clip)


@endpoint("DELETE", "/streams/clips/{clip_id}", provenance="client", refuses=("forbidden",))
def delete_clip(call: Call, caller: User, clip_id: str) -> None:
    """Delete a clip and its file."""
    clips.delete(call.world, clips.find_own(call.world, clip_id, caller))


def _page(call: Call, query: Page, listed: list[Clip], total: int) -> ClipPage:
    return {
        "items": [clip_shape(call.world, call.addresses, clip) for clip in listed],
        **query.counts(total),
    }
