"""`/streams`: create, read, change, start, end and delete streams."""

from typing import Any, Literal, TypedDict

from pydantic import Field, field_validator

from emulator.shapes.live import (
    StreamPage,
    StreamShape,
    StreamView,
    StreamWithIngest,
    stream_shape,
    stream_view,
    stream_with_ingest,
)
from emulator.web.api.live.instants import Instant, milliseconds_or_none
from emulator.web.api.live.pages import stream_page
from emulator.web.api.models import OptionalId, OptionalUri, Page, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.library import removal
from emulator.world.live import categories, lists, streams
from emulator.world.live.lists import StreamFilter
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User

# The category id in the platform's documented quick start: users who paste that call should get a
# stream, not an error.
_PLACEHOLDER = "..."


class _Description(Request):
    """The common fields of STREAM_CREATE and STREAM_UPDATE."""

    description: str | None = Field(None, max_length=5000)
    category_id: OptionalId = None
    tags: list[str] | None = Field(None, max_length=10)
    thumbnail_url: OptionalUri = None
    is_mature: bool | None = None
    visibility: Literal["public", "unlisted", "private"] | None = None
    scheduled_start: Instant | None = None

    @field_validator("category_id")
    @classmethod
    def _placeholder_is_none(cls, category_id: str | None) -> str | None:
        return None if category_id == _PLACEHOLDER else category_id

    @field_validator("tags")
    @classmethod
    def _tags_are_short(cls, tags: list[str] | None) -> list[str] | None:
        for tag in tags or ():
            if not 1 <= len(tag.strip()) <= 50:
                raise ValueError("a tag has 1 to 50 characters")
        return tags

    def patch(self) -> StreamPatch:
        """Return the body as the world's values. A null for a required value has no effect."""
        values: dict[str, Any] = self.model_dump(exclude_unset=True)
        for name in ("title", "is_mature", "visibility"):
            if values.get(name, "") is None:
                del values[name]
        if "scheduled_start" in values:
            values["scheduled_start_ms"] = milliseconds_or_none(values.pop("scheduled_start"))
            if values["scheduled_start_ms"] is None:
                values["scheduled_minutes"] = None
        return StreamPatch(values)


class StreamCreate(_Description):
    title: str = Field(min_length=1, max_length=200)


class StreamUpdate(_Description):
    title: str | None = Field(None, min_length=1, max_length=200)


class StreamQuery(Page):
    status_filter: Literal["live", "offline", "ended", "all"] | None = None
    category_id: OptionalId = None
    user_id: OptionalId = None
    limit: int | None = Field(None, ge=1, le=100)


class UserStreamQuery(Page):
    status_filter: Literal["live", "offline", "ended", "all"] = "all"


class DeleteQuery(Request):
    with_vods: bool = False


class Deployment(TypedDict):
    status: Literal["ok"]


@endpoint(
    "POST",
    "/streams",
    provenance="documented",
    status=201,
    refuses=("conflict", "not_found"),
    limit="stream_creation",
)
def create_stream(call: Call, caller: User, body: StreamCreate) -> StreamWithIngest:
    """Create a stream, offline, with its ingest credentials."""
    stream = streams.create(call.world, caller, body.patch())
    return stream_with_ingest(call.world, call.addresses, stream)


@endpoint("GET", "/streams", provenance="documented", refuses=("not_found",))
def list_streams(call: Call, caller: User | None, query: StreamQuery) -> StreamPage:
    """List streams: the live ones, and the caller's own in any state, with their ingest.

    Without a filter the caller's own streams that have not ended come first.
    """
    if query.limit is not None and "per_page" not in query.model_fields_set:
        query.per_page = query.limit
    world, category_id, user_id = call.world, query.category_id, query.user_id
    wanted = StreamFilter(
        status=query.status_filter or "default",
        category_pk=None if category_id is None else categories.find(world, category_id).pk,
        user_pk=None if user_id is None else accounts.find(world, user_id).pk,
    )
    listed, total = lists.page(world, caller, wanted, offset=query.offset, count=query.per_page)
    return stream_page(call, query, listed, total)


@endpoint("GET", "/streams/users/{username}/streams", provenance="guide")
def list_user_streams(
    call: Call, _caller: User | None, username: str, query: UserStreamQuery
) -> StreamPage:
    """List a user's public streams, newest first."""
    owner = accounts.by_username(call.world, username)
    wanted = StreamFilter(status=query.status_filter, user_pk=owner.pk)
    listed, total = lists.page(call.world, None, wanted, offset=query.offset, count=query.per_page)
    return stream_page(call, query, listed, total)


@endpoint("GET", "/streams/id/{stream_id}", provenance="documented")
def get_stream(call: Call, caller: User | None, stream_id: str) -> StreamView:
    """Read a stream: the call to poll. Its owner also gets the ingest credentials."""
    stream = streams.find_for(call.world, stream_id, caller)
    return stream_view(call.world, call.addresses, stream, caller)


# The platform's documents say PUT; PATCH does the same.
@endpoint("PUT", "/streams/id/{stream_id}", provenance="guide", refuses=("forbidden", "conflict"))
@endpoint(
    "PATCH", "/streams/id/{stream_id}", name="patch_stream", refuses=("forbidden", "conflict")
)
def update_stream(call: Call, caller: User, stream_id: str, body: StreamUpdate) -> StreamWithIngest:
    """Change a stream's description, visibility and schedule."""
    stream = streams.find_own(call.world, stream_id, caller)
    changed = streams.update(call.world, stream, body.patch())
    return stream_with_ingest(call.world, call.addresses, changed)


@endpoint(
    "POST", "/streams/id/{stream_id}/start", provenance="guide", refuses=("forbidden", "conflict")
)
def start_stream(call: Call, caller: User, stream_id: str) -> StreamWithIngest:
    """Make a stream live by API, without media."""
    stream = streams.find_own(call.world, stream_id, caller)
    return stream_with_ingest(call.world, call.addresses, streams.start(call.world, stream))


# Clients use both spellings (contract, Streams).
@endpoint("POST", "/streams/{stream_id}/end", provenance="guide", refuses=("forbidden", "conflict"))
@endpoint(
    "POST",
    "/streams/id/{stream_id}/end",
    provenance="client",
    name="end_stream_by_id",
    refuses=("forbidden", "conflict"),
)
def end_stream(call: Call, caller: User, stream_id: str) -> StreamShape:
    """End a stream. Its publisher is disconnected."""
    stream = streams.find_own(call.world, stream_id, caller)
    return stream_shape(call.world, call.addresses, streams.end(call.world, stream))


@endpoint("POST", "/streams/id/{stream_id}/key/rotate", refuses=("forbidden", "conflict"))
def rotate_stream_key(call: Call, caller: User, stream_id: str) -> StreamWithIngest:
    """Give a stream a new key. The old one is refused from now on."""
    stream = streams.find_own(call.world, stream_id, caller)
    return stream_with_ingest(call.world, call.addresses, streams.rotate_key(call.world, stream))


@endpoint("DELETE", "/streams/id/{stream_id}", refuses=("forbidden", "conflict"))
def delete_stream(call: Call, caller: User, stream_id: str, query: DeleteQuery) -> None:
    """Delete a stream. Its VODs stay, unless `with_vods` is true."""
    stream = streams.find_own(call.world, stream_id, caller)
    removal.delete_stream(call.world, stream, with_vods=query.with_vods)


@endpoint("GET", "/streams/test-deployment", provenance="client")
def check_deployment() -> Deployment:
    """Check that the platform answers."""
    return {"status": "ok"}
