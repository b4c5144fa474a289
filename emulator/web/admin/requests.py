"""`/_emulator/requests`: what clients asked, so that a test can assert what its app sent."""

from dataclasses import asdict
from typing import Any, Literal, TypedDict

from pydantic import Field

from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.rest.call import Call
from emulator.web.rest.operation import Operation
from emulator.web.rest.request_log import Credential, Entry
from emulator.web.shapes.times import iso


class RequestQuery(Request):
    """`path` is what a path contains, `status` a status or a class of them (`4xx`)."""

    path: str | None = Field(None, max_length=2000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] | None = None
    status: str | None = Field(None, pattern=r"^[1-5](\d\d|xx)$")
    user: str | None = Field(None, max_length=50)
    world: str | None = Field(None, max_length=63)
    credential: Credential | None = None
    has_two_credentials: bool | None = None
    has_unknown_fields: bool | None = None
    after: int = Field(0, ge=0, le=CURSOR_MAX)
    limit: int = Field(100, ge=1, le=1000)


class RequestShape(TypedDict):
    seq: int
    at: str
    world: str
    method: str
    path: str
    operation: str | None
    status: int
    user: str | None
    credential: Credential
    has_two_credentials: bool
    query: dict[str, str]
    body: Any
    unknown_fields: tuple[str, ...]
    trace_id: str
    user_agent: str
    duration_us: int


class RequestPage(TypedDict):
    """`next_cursor` is what `after` takes for the next page."""

    requests: list[RequestShape]
    next_cursor: int
    has_more: bool


def page(call: Call) -> RequestPage:
    """Search the request log, the oldest first."""
    query = call.query_as(RequestQuery)
    log = call.platform.shared.requests
    found, has_more = log.find(
        lambda entry: _is_wanted(entry, query), after=query.after, count=query.limit
    )
    return {
        "requests": [_shape(entry) for entry in found],
        "next_cursor": found[-1].seq if found else query.after,
        "has_more": has_more,
    }


def _is_wanted(entry: Entry, query: RequestQuery) -> bool:
    return (
        (query.path is None or query.path in entry.path)
        and query.method in (None, entry.method)
        and (query.status is None or str(entry.status).startswith(query.status.rstrip("x")))
        and query.user in (None, entry.user)
        and query.world in (None, entry.world)
        and query.credential in (None, entry.credential)
        and query.has_two_credentials in (None, entry.has_two_credentials)
        and query.has_unknown_fields in (None, bool(entry.unknown_fields))
    )


def _shape(entry: Entry) -> RequestShape:
    values = asdict(entry)
    at_ms = values.pop("at_ms")
    return {"seq": values.pop("seq"), "at": iso(at_ms), **values}  # type: ignore[typeddict-item]


OPERATIONS = [
    Operation(
        method="GET",
        path="/requests",
        auth="public",
        answer=page,
        query=RequestQuery,
        provenance="assumed",
    ),
]
