"""`/streams/vods`: what streams leave behind."""

from typing import Any, Literal, TypedDict

from pydantic import Field

from emulator.shapes.library.vods import VodPlayback, VodShape, vod_playback, vod_shape
from emulator.web.api.models import OptionalId, Page, Request
from emulator.web.http.call import Call
from emulator.web.http.operation import Operation
from emulator.world.library import lists, recordings
from emulator.world.library.recordings import Vod
from emulator.world.people import accounts

QUERY_LENGTH_MAX = 200


class VodQuery(Page):
    stream_id: OptionalId = None
    status: Literal["processing", "ready", "failed"] | None = None


class VodSearchQuery(Page):
    """`q` is read where there is no `query`."""

    query: str = Field("", max_length=QUERY_LENGTH_MAX)
    q: str = Field("", max_length=QUERY_LENGTH_MAX)

    @property
    def typed(self) -> str:
        return self.query or self.q


class VodUpdate(Request):
    """What is not given stays. A null takes a description away, and says nothing elsewhere."""

    title: str | None = Field(None, min_length=1, max_length=200)
    description: str | None = Field(None, max_length=5000)
    visibility: Literal["public", "followers", "private"] | None = None

    def patch(self) -> dict[str, Any]:
        values = self.model_dump(exclude_unset=True)
        return {
            name: value
            for name, value in values.items()
            if value is not None or name == "description"
        }


class VodPage(TypedDict):
    items: list[VodShape]
    total: int
    page: int
    per_page: int
    has_more: bool


def page(call: Call) -> VodPage:
    """List VODs: public and ready ones, and one's own in any state."""
    query = call.query_as(VodQuery)
    vods, total = lists.page(
        call.world,
        call.caller,
        stream_id=query.stream_id,
        status=query.status,
        offset=query.offset,
        count=query.per_page,
    )
    return _page(call, query, vods, total)


def search(call: Call) -> VodPage:
    """Find public VODs by words of their title, description, chapters and transcript."""
    query = call.query_as(VodSearchQuery)
    vods, total = lists.search(call.world, query.typed, offset=query.offset, count=query.per_page)
    return _page(call, query, vods, total)


def of_user(call: Call) -> list[VodShape]:
    """List a user's public VODs, the newest first."""
    query = call.query_as(Page)
    user = accounts.by_username(call.world, call.path["username"])
    vods, _ = lists.of_user(call.world, user, offset=query.offset, count=query.per_page)
    return [vod_shape(call.world, call.addresses, vod, call.dialect) for vod in vods]


def read(call: Call) -> VodShape:
    """Read a VOD, and count a view of it."""
    vod = recordings.find_for(call.world, call.path["vod_id"], call.caller)
    return vod_shape(call.world, call.addresses, recordings.watch(call.world, vod), call.dialect)


def playback(call: Call) -> VodPlayback:
    """Read where a VOD plays. This counts no view."""
    vod = recordings.find_for(call.world, call.path["vod_id"], call.caller)
    return vod_playback(call.addresses, vod)


def update(call: Call) -> VodShape:
    """Change what a VOD says of itself, and who may see it."""
    vod = recordings.find_own(call.world, call.path["vod_id"], call.user)
    changed = recordings.update(call.world, vod, call.body_as(VodUpdate).patch())
    return vod_shape(call.world, call.addresses, changed, call.dialect)


def delete(call: Call) -> None:
    """Delete a VOD; its files go, too."""
    recordings.delete(call.world, recordings.find_own(call.world, call.path["vod_id"], call.user))


def _page(call: Call, query: Page, vods: list[Vod], total: int) -> VodPage:
    return {
        "items": [vod_shape(call.world, call.addresses, vod, call.dialect) for vod in vods],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


OPERATIONS = [
    Operation(
        method="GET",
        path="/streams/vods",
        auth="optional",
        answer=page,
        query=VodQuery,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/vods/search",
        auth="public",
        answer=search,
        query=VodSearchQuery,
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/users/{username}/vods",
        auth="public",
        answer=of_user,
        query=Page,
        refuses=("not_found",),
        provenance="guide",
        is_reusable=True,
    ),
    Operation(
        method="GET",
        path="/streams/vods/{vod_id}",
        auth="optional",
        answer=read,
        refuses=("not_found",),
        provenance="guide",
    ),
    Operation(
        method="GET",
        path="/streams/vods/{vod_id}/playback",
        auth="optional",
        answer=playback,
        refuses=("not_found",),
        provenance="client",
        is_reusable=True,
    ),
    Operation(
        method="PUT",
        path="/streams/vods/{vod_id}",
        auth="user",
        answer=update,
        body=VodUpdate,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
    Operation(
        method="DELETE",
        path="/streams/vods/{vod_id}",
        auth="user",
        answer=delete,
        status=204,
        refuses=("forbidden", "not_found"),
        provenance="client",
    ),
]
