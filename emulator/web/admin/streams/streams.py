"""`/_emulator/streams`: all streams of the world with server and key, of all owners.

The platform's own lists only contain what one user may see, and keys only for the owner.
"""

from typing import TypedDict, cast

from pydantic import Field

from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.shapes.live import StreamWithIngest, stream_with_ingest
from emulator.shapes.pages import PageShape
from emulator.web.api.models import Page
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.live import lists, streams
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream


class StreamQuery(Page):
    """`find` is part of a title, an owner's name, an id or a CDN uid."""

    status: Status | None = None
    find: str = Field("", max_length=200)


class StreamWithPublisher(StreamWithIngest):
    """`protocol` is the publisher's (`rtmp`, `rtmps`, `whip`, `synthetic`), null without one."""

    is_publishing: bool
    protocol: str | None


class StatusCounts(TypedDict):
    live: int
    offline: int
    ended: int


class StreamPage(PageShape):
    """`counts` are the numbers of the whole world."""

    streams: list[StreamWithPublisher]
    counts: StatusCounts


@endpoint("GET", "/streams")
def list_streams(call: Call, query: StreamQuery) -> StreamPage:
    """List all streams with server and key: live ones, then offline, then ended, each newest first.

    Private and unlisted ones are included.
    """
    world = call.world
    listed, total = lists.everything(
        world, query.status, query.find, offset=query.offset, count=query.per_page
    )
    return {
        "streams": [_shape(call, stream) for stream in listed],
        "counts": {
            "live": lists.count(world, "live"),
            "offline": lists.count(world, "offline"),
            "ended": lists.count(world, "ended"),
        },
        **query.counts(total),
    }


@endpoint("GET", "/streams/{stream_id}")
def get_stream(call: Call, stream_id: str) -> StreamWithPublisher:
    """Read a stream of any owner, with server and key."""
    return _shape(call, streams.find(call.world, stream_id))


def _shape(call: Call, stream: Stream) -> StreamWithPublisher:
    health = call.platform.service(Broadcasts).health(stream.id)
    return {
        **stream_with_ingest(call.world, call.addresses, stream),
        "is_publishing": bool(health["is_publishing"]),
        "protocol": cast(str | None, health.get("protocol")),
    }
