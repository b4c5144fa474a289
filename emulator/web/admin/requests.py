"""`/_emulator/requests`: what clients asked, so that a test can assert what its app sent."""

from typing import Any, Literal, TypedDict

from pydantic import Field

from emulator.platform.request_log import Credential, LoggedRequest, RequestLog
from emulator.shapes.times import iso
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.excerpt import excerpt_answer, excerpt_headers


class RequestQuery(Request):
    """`path` is what a path contains, `status` a status or a class of them (`4xx`).

    `is_matched`: whether there is an operation at the path with the method.
    """

    path: str | None = Field(None, max_length=2000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] | None = None
    status: str | None = Field(None, pattern=r"^[1-5](\d\d|xx)$")
    user: str | None = Field(None, max_length=50)
    world: str | None = Field(None, max_length=63)
    credential: Credential | None = None
    has_two_credentials: bool | None = None
    has_unknown_fields: bool | None = None
    is_matched: bool | None = None
    after: int = Field(0, ge=0, le=CURSOR_MAX)
    limit: int = Field(100, ge=1, le=1000)


class RequestShape(TypedDict):
    """`response_body` is JSON or text, null for what is neither or too long to keep."""

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
    request_headers: dict[str, str]
    response_headers: dict[str, str]
    response_body: Any
    response_bytes: int


class RequestPage(TypedDict):
    """`next_cursor` is what `after` takes for the next page.

    `dropped`: how many older ones of the world that is asked for, or of all, are not kept any more.
    """

    requests: list[RequestShape]
    next_cursor: int
    has_more: bool
    dropped: int


@endpoint("GET", "/requests")
def list_requests(call: Call, query: RequestQuery) -> RequestPage:
    """Search the request log, the oldest first."""
    log = call.platform.shared.requests
    logged_requests, has_more = log.find(
        lambda entry: _is_wanted(entry, query), after=query.after, count=query.limit
    )
    return {
        "requests": [_shape(log, entry) for entry in logged_requests],
        "next_cursor": logged_requests[-1].seq if logged_requests else query.after,
        "has_more": has_more,
        "dropped": log.dropped.total() if query.world is None else log.dropped[query.world],
    }


def _is_wanted(entry: LoggedRequest, query: RequestQuery) -> bool:
    return (
        (query.path is None or query.path in entry.path)
        and query.method in (None, entry.method)
        and (query.status is None or str(entry.status).startswith(query.status.rstrip("x")))
        and query.user in (None, entry.user)
        and query.world in (None, entry.world)
        and query.credential in (None, entry.credential)
        and query.has_two_credentials in (None, entry.has_two_credentials)
        and query.has_unknown_fields in (None, bool(entry.unknown_fields))
        and query.is_matched in (None, entry.operation is not None)
    )


def _shape(log: RequestLog, entry: LoggedRequest) -> RequestShape:
    headers = excerpt_headers(entry.answer_headers)
    return {
        "seq": entry.seq,
        "at": iso(entry.at_ms),
        "world": entry.world,
        "method": entry.method,
        "path": entry.path,
        "operation": entry.operation,
        "status": entry.status,
        "user": entry.user,
        "credential": entry.credential,
        "has_two_credentials": entry.has_two_credentials,
        "query": entry.query,
        "body": entry.body,
        "unknown_fields": entry.unknown_fields,
        "trace_id": entry.trace_id,
        "user_agent": entry.user_agent,
        "duration_us": entry.duration_us,
        "request_headers": excerpt_headers(entry.headers),
        "response_headers": headers,
        "response_body": excerpt_answer(
            entry.answer, headers.get("content-type", ""), log.entry_bytes_max
        ),
        "response_bytes": entry.answer_bytes,
    }
