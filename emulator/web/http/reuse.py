"""Reuse: a question that was answered a moment ago, about facts that have not changed since.

Apps poll, and test suites poll hard. The same question from the same caller gets the same bytes as
long as nothing was written in its world, and for at most `REUSE_MS`, because some answers tell how
long something has gone on. Operations say whether they may be answered so (`is_reusable`): those
that only read. Each such request stands in the request log like any other.
"""

from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.core.clock import monotonic_us
from emulator.core.ids import trace_id
from emulator.platform.platform import Platform
from emulator.platform.request_log import REPLAY, UNLOGGED, UnreadRequest
from emulator.web.http.call import Call
from emulator.web.http.injected_faults import HEADER as FAULT

REUSE_MS = 100
_CANDIDATES_MAX = 512
_BODY_BYTES_MAX = 65_536
_PREFIXES = ("/api/v1/", "/v1/")
# What of a request its answer depends on, beside its address.
_VARIES = frozenset(
    (
        b"authorization",
        b"x-api-key",
        b"x-emulator-world",
        b"host",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-forwarded-port",
        b"origin",
        b"accept",
    )
)
_TRACE = b"x-trace-id"
_UNLOGGED = UNLOGGED.encode()

Key = tuple[object, ...]


class Candidate(Struct):
    """An answer that may be used again. Made by the dispatch, completed on the answer's way out.

    `repeat` is done each time.
    """

    platform: Platform
    entry: UnreadRequest
    repeat: Callable[[], None] | None
    version: int
    at_ms: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    @property
    def is_fresh(self) -> bool:
        world = self.platform.world
        return world.store.version == self.version and 0 <= world.now_ms - self.at_ms < REUSE_MS


def offer_reuse(call: Call, response: Response) -> None:
    """Leave in the request's state what it takes to use the answer again, where that may be."""
    operation, entry, world = call.operation_or_none, call.entry, call.world
    # A fault may have struck for the last time just now.
    is_struck = world.faults.are_on or FAULT in response.headers
    is_reusable = operation is not None and operation.is_reusable and response.status_code == 200
    if is_reusable and entry is not None and not is_struck:
        version, now_ms = world.store.version, world.now_ms
        candidate = Candidate(call.platform, entry, call.repeat, version, now_ms)
        call.request.scope["state"]["reusable"] = candidate


class Reuse:
    """The outermost middleware: what it can answer goes through no other."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._candidates: OrderedDict[Key, Candidate] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["method"] == "GET"
        is_ours = is_asked and scope["path"].startswith(_PREFIXES)
        if not is_ours or _is_unlogged(scope) or REPLAY in scope.get("state", {}):
            await self._app(scope, receive, send)
            return
        began_us = monotonic_us()
        key = _key(scope)
        candidate = self._candidates.get(key)
        if candidate is not None and candidate.is_fresh:
            if candidate.repeat is not None:
                candidate.repeat()
            await _again(candidate, began_us, send)
            return
        await self._answer(key, scope, receive, send)

    async def _answer(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        start: list[Message] = []

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
            elif not message.get("more_body") and start:
                result = scope.get("state", {}).get("reusable")
                if result is not None and len(message["body"]) <= _BODY_BYTES_MAX:
                    self._keep(key, result, start[0], message["body"])
            await send(message)

        await self._app(scope, receive, watched)

    def _keep(self, key: Key, candidate: Candidate, start: Message, body: bytes) -> None:
        candidate.headers = [header for header in start["headers"] if header[0] != _TRACE]
        candidate.body = body
        self._candidates[key] = candidate
        self._candidates.move_to_end(key)
        while len(self._candidates) > _CANDIDATES_MAX:
            self._candidates.popitem(last=False)


def _is_unlogged(scope: Scope) -> bool:
    return any(name == _UNLOGGED for name, _ in scope["headers"])


def _key(scope: Scope) -> Key:
    headers = [header for header in scope["headers"] if header[0] in _VARIES]
    return (scope["path"], scope["query_string"], *headers)


async def _again(candidate: Candidate, began_us: int, send: Send) -> None:
    trace = trace_id()
    headers = [*candidate.headers, (_TRACE, trace.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": candidate.body})
    log = candidate.platform.shared.requests
    log.note(
        replace(
            candidate.entry,
            seq=log.next_seq(),
            at_ms=candidate.platform.world.now_ms,
            trace_id=trace,
            duration_us=monotonic_us() - began_us,
        )
    )
