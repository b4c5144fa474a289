"""`/streams`: make, read, change, start and end a stream."""

from datetime import UTC, datetime
from typing import Any, Literal, TypedDict

from pydantic import Field, field_validator

from emulator.web.api.models import Page, Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Method, Operation, Provenance
from emulator.web.shapes.live import (
    StreamShape,
    StreamWithIngest,
    stream_shape,
    stream_with_ingest,
)
from emulator.world.live import streams
from emulator.world.live.streams import Wishes


class _Description(Request):
    """What STREAM_CREATE and STREAM_UPDATE share."""

    description: str | None = Field(None, max_length=5000)
    category_id: str | None = None
    tags: list[str] | None = Field(None, max_length=10)
    thumbnail_url: str | None = Field(None, max_length=2000)
    is_mature: bool | None = None
    visibility: Literal["public", "unlisted", "private"] | None = None
    scheduled_start: datetime | None = None

    @field_validator("tags")
    @classmethod
    def _tags_are_short(cls, tags: list[str] | None) -> list[str] | None:
        for tag in tags or ():
            if not 1 <= len(tag.strip()) <= 50:
                raise ValueError("a tag has 1 to 50 characters")
        return tags

    def wishes(self) -> Wishes:
        """What was said, in the world's words. A null that a stream cannot hold says nothing."""
        given: dict[str, Any] = self.model_dump(exclude_unset=True)
        for name in ("title", "is_mature", "visibility"):
            if given.get(name, "") is None:
                del given[name]
        if "scheduled_start" in given:
            given["scheduled_start_ms"] = _milliseconds(given.pop("scheduled_start"))
        return Wishes(given)


class StreamCreate(_Description):
    title: str = Field(min_length=1, max_length=200)


class StreamUpdate(_Description):
    title: str | None = Field(None, min_length=1, max_length=200)


class StreamQuery(Page):
    status_filter: Literal["live", "offline", "ended", "all"] | None = None
    category_id: str | None = None
    user_id: str | None = None
    limit: int | None = Field(None, ge=1, le=100)


class StreamPage(TypedDict):
    streams: list[StreamShape]
    total: int
    page: int
    per_page: int
    has_more: bool


def create(call: Call) -> StreamWithIngest:
    """Create a stream, offline, with its ingest credentials."""
    stream = streams.create(call.world, call.user, call.body_as(StreamCreate).wishes())
    return stream_with_ingest(call.platform, stream)


def page(call: Call) -> StreamPage:
    """List streams: the live ones, and one's own in any state."""
    query = call.query_as(StreamQuery)
    if query.limit is not None and "per_page" not in query.model_fields_set:
        query.per_page = query.limit
    found, total = streams.page(
        call.world,
        call.caller,
        status=query.status_filter,
        category_id=query.category_id,
        user_id=query.user_id,
        offset=query.offset,
        count=query.per_page,
    )
    return {
        "streams": [stream_shape(call.platform, stream) for stream in found],
        "total": total,
        "page": query.page,
        "per_page": query.per_page,
        "has_more": query.has_more(total),
    }


def read(call: Call) -> StreamShape | StreamWithIngest:
    """Read a stream: the call to poll. Its owner also gets the ingest credentials."""
    stream = streams.find_for(call.world, call.path["stream_id"], call.caller)
    if streams.is_owner(stream, call.caller):
        return stream_with_ingest(call.platform, stream)
    return stream_shape(call.platform, stream)


def update(call: Call) -> StreamWithIngest:
    """Change what a stream says of itself."""
    stream = streams.find_own(call.world, call.path["stream_id"], call.user)
    changed = streams.update(call.world, stream, call.body_as(StreamUpdate).wishes())
    return stream_with_ingest(call.platform, changed)


def start(call: Call) -> StreamWithIngest:
    """Make a stream live by API, without media."""
    stream = streams.find_own(call.world, call.path["stream_id"], call.user)
    return stream_with_ingest(call.platform, streams.start(call.world, stream))


def end(call: Call) -> StreamShape:
    """End a stream. Its publisher is disconnected."""
    stream = streams.find_own(call.world, call.path["stream_id"], call.user)
    return stream_shape(call.platform, streams.end(call.world, stream))


def _milliseconds(instant: datetime | None) -> int | None:
    """Milliseconds since 1970; an instant without a zone is taken as UTC."""
    if instant is None:
        return None
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


# The documents say PUT; PATCH does the same.
_UPDATES: tuple[tuple[Method, Provenance], ...] = (("PUT", "guide"), ("PATCH", "assumed"))

# Clients use both spellings (contract, Streams).
_ENDS: tuple[tuple[str, Provenance], ...] = (
    ("/streams/{stream_id}/end", "guide"),
    ("/streams/id/{stream_id}/end", "client"),
)

OPERATIONS = [
    Operation(
        method="POST",
        path="/streams",
        auth="user",
        answer=create,
        body=StreamCreate,
        status=201,
        limit="stream_creation",
        refuses=("conflict", "not_found"),
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/streams",
        auth="optional",
        answer=page,
        query=StreamQuery,
        refuses=("not_found",),
        provenance="documented",
    ),
    Operation(
        method="GET",
        path="/streams/id/{stream_id}",
        auth="optional",
        answer=read,
        refuses=("not_found",),
        provenance="documented",
    ),
    *(
        Operation(
            method=method,
            path="/streams/id/{stream_id}",
            auth="user",
            answer=update,
            body=StreamUpdate,
            refuses=("forbidden", "not_found", "conflict"),
            provenance=provenance,
        )
        for method, provenance in _UPDATES
    ),
    Operation(
        method="POST",
        path="/streams/id/{stream_id}/start",
        auth="user",
        answer=start,
        refuses=("forbidden", "not_found", "conflict"),
        provenance="guide",
    ),
    *(
        Operation(
            method="POST",
            path=path,
            auth="user",
            answer=end,
            refuses=("forbidden", "not_found", "conflict"),
            provenance=provenance,
        )
        for path, provenance in _ENDS
    ),
]
