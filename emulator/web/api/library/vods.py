"""`/streams/vods`: the recordings of streams."""

from typing import Any, Literal

from pydantic import Field

from emulator.shapes.library.vods import VodPlayback, VodShape, vod_playback, vod_shape
from emulator.shapes.pages import PageShape
from emulator.web.api.models import OptionalId, Page, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import lists, recordings
from emulator.world.library.recordings import Vod
from emulator.world.people import accounts
from emulator.world.people.accounts import User

QUERY_LENGTH_MAX = 200


class VodQuery(Page):
    stream_id: OptionalId = None
    status: Literal["processing", "ready", "failed"] | None = None


class VodSearchQuery(Page):
    """`q` is used if there is no `query`."""

    query: str = Field("", max_length=QUERY_LENGTH_MAX)
    q: str = Field("", max_length=QUERY_LENGTH_MAX)

    @property
    def typed(self) -> str:
        return self.query or self.q


class VodUpdate(Request):
    """Fields that are left out stay. A null removes a description, and has no effect elsewhere."""

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


class VodPage(PageShape):
    items: list[VodShape]


@endpoint("GET", "/streams/vods", provenance="guide")
def list_vods(call: Call, caller: User | None, query: VodQuery) -> VodPage:
    """List VODs: public ready ones, and the caller's own in any state."""
    vods, total = lists.page(
        call.world,
        caller,
        stream_id=query.stream_id,
        status=query.status,
        offset=query.offset,
        count=query.per_page,
    )
    return _page(call, query, vods, total)


@endpoint("GET", "/streams/vods/search", provenance="guide")
def search_vods(call: Call, query: VodSearchQuery) -> VodPage:
    """Search public VODs by words of their title, description, chapters and transcript."""
    vods, total = lists.search(call.world, query.typed, offset=query.offset, count=query.per_page)
    return _page(call, query, vods, total)


@endpoint("GET", "/streams/users/{username}/vods", provenance="guide")
def list_user_vods(call: Call, username: str, query: Page) -> list[VodShape]:
    """List a user's public VODs, newest first."""
    user = accounts.by_username(call.world, username)
    vods, _ = lists.of_user(call.world, user, offset=query.offset, count=query.per_page)
    return [vod_shape(call.world, call.addresses, vod, call.dialect) for vod in vods]


@endpoint("GET", "/streams/vods/{vod_id}", provenance="guide")
def get_vod(call: Call, caller: User | None, vod_id: str) -> VodShape:
    """Read a VOD, and count a view of it."""
    vod = recordings.find_for(call.world, vod_id, caller)
    if call.is_counted:
        vod = recordings.watch(call.world, vod)
    return vod_shape(call.world, call.addresses, vod, call.dialect)


@endpoint("GET", "/streams/vods/{vod_id}/playback", provenance="client")
def get_vod_playback(call: Call, caller: User | None, vod_id: str) -> VodPlayback:
    """Read the playback addresses of a VOD. This counts no view."""
    vod = recordings.find_for(call.world, vod_id, caller)
    return vod_playback(call.addresses, vod)


@endpoint("PUT", "/streams/vods/{vod_id}", provenance="client", refuses=("forbidden",))
def update_vod(call: Call, caller: User, vod_id: str, body: VodUpdate) -> VodShape:
    """Change a VOD's title, description and visibility."""
    vod = recordings.find_own(call.world, vod_id, caller)
    changed = recordings.update(call.world, vod, body.patch())
    return vod_shape(call.world, call.addresses, changed, call.dialect)


@endpoint("DELETE", "/streams/vods/{vod_id}", provenance="client", refuses=("forbidden",))
def delete_vod(call: Call, caller: User, vod_id: str) -> None:
    """Delete a VOD and its files."""
    recordings.delete(call.world, recordings.find_own(call.world, vod_id, caller))


def _page(call: Call, query: Page, vods: list[Vod], total: int) -> VodPage:
    return {
        "items": [vod_shape(call.world, call.addresses, vod, call.dialect) for vod in vods],
        **query.counts(total),
    }
