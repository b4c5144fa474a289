"""`/_emulator/requests`: the requests of clients, so that a test can check what its app sent."""

from typing import Any, Literal, TypedDict

from pydantic import Field

from emulator.core.errors import Refused
from emulator.platform.request_log import Credential, LoggedRequest, RequestLog
from emulator.shapes.times import iso
from emulator.web.admin.curl import curl_line
from emulator.web.admin.events import EventShape, events_of
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.web.http.excerpt import excerpt_answer, excerpt_headers
from emulator.web.http.replay import refusal, replay
from emulator.web.http.validation_messages import explained

# The most events shown with the request that caused them.
_EVENTS_MAX = 100


class RequestQuery(Request):
    """`path` is part of a path, `status` a status or a class of them (`4xx`).

    `is_matched`: whether an operation with the path and method exists. `trace_id` is that of an
    answer, `event` the `seq` of an event that a request caused. With `order=newest` pages go back
    in time, and `before` takes the `next_cursor` of the previous page.
    """

    path: str | None = Field(None, max_length=2000)
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] | None = None
    status: str | None = Field(
        None, pattern=explained(r"^[1-5](\d\d|xx)$", "a status such as 404, or 4xx")
    )
    user: str | None = Field(None, max_length=50)
    world: str | None = Field(None, max_length=63)
    credential: Credential | None = None
    has_two_credentials: bool | None = None
    has_unknown_fields: bool | None = None
    is_matched: bool | None = None
    trace_id: str | None = Field(None, min_length=1, max_length=100)
    event: int | None = Field(None, ge=1, le=CURSOR_MAX)
    order: Literal["oldest", "newest"] = "oldest"
    after: int = Field(0, ge=0, le=CURSOR_MAX)
    before: int = Field(CURSOR_MAX, ge=1, le=CURSOR_MAX)
    limit: int = Field(100, ge=1, le=1000)


class RequestShape(TypedDict):
    """`response_body` is JSON or text; null for other types and for bodies too long for the log.

    `event_count` is the number of events that the call caused before it was answered. `replay_of`
    is the `seq` of the request that it repeats.
    """

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
    event_count: int
    replay_of: int | None


class RequestDetail(RequestShape):
    """`curl` is a command for a POSIX shell that sends it again; `curl_notes` say what it lacks.

    `events` are the first that it caused; `replay_refusal` says why it cannot be replayed.
    """

    curl: str
    curl_notes: list[str]
    events: list[EventShape]
    replay_refusal: str | None


class RequestPage(TypedDict):
    """`next_cursor` is the `after` of the next page.

    `dropped` is the number of older requests, of the requested world or of all, that were removed
    from the log.
    """

    requests: list[RequestShape]
    next_cursor: int
    has_more: bool
    dropped: int


@endpoint("GET", "/requests")
def list_requests(call: Call, query: RequestQuery) -> RequestPage:
    """Search the request log, oldest first or, with `order=newest`, newest first."""
    log = call.platform.shared.requests

    def is_wanted(entry: LoggedRequest) -> bool:
        return _is_wanted(entry, query) and _has_caused(entry, query.event, call.world.name)

    after, before, count = query.after, query.before, query.limit
    if query.order == "newest":
        listed, has_more = log.find_newest(is_wanted, after=after, before=before, count=count)
    else:
        listed, has_more = log.find(is_wanted, after=after, count=count)
    start = before if query.order == "newest" else after
    return {
        "requests": [_shape(log, entry) for entry in listed],
        "next_cursor": listed[-1].seq if listed else start,
        "has_more": has_more,
        "dropped": log.dropped.total() if query.world is None else log.dropped[query.world],
    }


@endpoint("GET", "/requests/{seq}", refuses=("invalid",))
def get_request(call: Call, seq: str) -> RequestDetail:
    """Read one request, with a curl command that sends it again and the events that it caused."""
    log = call.platform.shared.requests
    entry = log.get(_number(seq))
    return _detail(call, entry)


@endpoint("POST", "/requests/{seq}/replay", refuses=("conflict", "invalid"))
async def replay_request(call: Call, seq: str) -> RequestDetail:
    """Send a request again as the same user, with the same method, address, headers and body.

    A credential that has expired is replaced by an API key of its user; an invalid one stays
    invalid.
    """
    entry = call.platform.shared.requests.get(_number(seq))
    world = call.worlds.find(entry.world).world
    request = call.request
    return _detail(call, await replay(request.app, request.scope, world, entry))


def _number(seq: str) -> int:
    is_number = seq.isascii() and seq.isdigit() and len(seq) < 19
    if not is_number:
        raise Refused("invalid", f"Invalid request number {seq[:50]!r}: use the `seq` of a request")
    return int(seq)


def _detail(call: Call, entry: LoggedRequest) -> RequestDetail:
    world, shared = call.worlds.find(entry.world).world, call.platform.shared
    is_own_tls = shared.public.http.startswith("https:")
    ca = str(shared.ready()["ca"]) if is_own_tls else ""
    curl = curl_line(world, entry, call.addresses.http, ca)
    return {
        **_shape(shared.requests, entry),
        "curl": curl.line,
        "curl_notes": curl.notes,
        "events": events_of(world, entry.events, _EVENTS_MAX),
        "replay_refusal": refusal(entry) or None,
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
        and query.trace_id in (None, entry.trace_id)
    )


def _has_caused(entry: LoggedRequest, event: int | None, world: str) -> bool:
    """Whether a request caused an event; each world numbers its own events."""
    if event is None:
        return True
    return entry.world == world and any(first <= event <= last for first, last in entry.events)


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
            entry.answer, headers.get("content-type", ""), log.config.entry_bytes_max
        ),
        "response_bytes": entry.answer_bytes,
        "event_count": sum(last - first + 1 for first, last in entry.events),
        "replay_of": entry.replay_of,
    }
