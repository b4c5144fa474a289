"""`/streams/vods`: what streams leave behind."""

from typing import Literal, TypedDict

from emulator.web.api.models import Page
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.shapes.library import VodShape, vod_shape
from emulator.world.library import recordings


class VodQuery(Page):
    stream_id: str | None = None
    status: Literal["processing", "ready", "failed"] | None = None


class VodPage(TypedDict):
    items: list[VodShape]
    total: int
    page: int
    per_page: int
    has_more: bool


def page(call: Call) -> VodPage:
    """List VODs: public and ready ones, and one's own in any state."""
    query = call.query_as(VodQuery)
    found, total = recordings.page(
        call.world,
        call.caller,
        stream_id=query.stream_id,
        status=query.status,
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "items": [vod_shape(call.platform, vod) for vod in found],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def read(call: Call) -> VodShape:
    """Read a VOD, and count a view of it."""
    vod = recordings.find_for(call.world, call.path["vod_id"], call.caller)
    return vod_shape(call.platform, recordings.watch(call.world, vod))


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/vods",
        auth="optional",
        answer=page,
        query=VodQuery,
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/streams/vods/{vod_id}",
        auth="optional",
        answer=read,
        refuses=("not_found",),
        provenance="guide",
    ),
]
