"""Middleware for all answers: each has a trace id, and any origin may read it.

The second does not apply to what the guards of `/_emulator/` refuse.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.core.ids import trace_id
from emulator.platform.request_log import RawHeaders
from emulator.shapes.addresses import Reach, answering
from emulator.web.errors import answer
from emulator.web.http.caller_address import used_by
from emulator.web.http.headers import header

Api = Callable[[Request], Awaitable[Response]]
FindApi = Callable[[Scope], Api | None]

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
EXPOSED = (
    "Location",
    "X-Trace-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "Content-Disposition",
    "ETag",
    "X-Emulator-Fault",
    "X-Emulator-World",
    "X-Emulator-Time",
    "Link",
    "Accept-Post",
    "Accept-Patch",
)


class Trace:
    """Gives each request a trace id, and sends it with the answer as `X-Trace-Id`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = trace_id()
        scope.setdefault("state", {})["trace_id"] = trace

        async def send_traced(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).append((b"x-trace-id", trace.encode()))
            await send(message)

        await self._app(scope, receive, send_traced)


class Direct:
    """Answers requests of the platform's API directly, past the middleware for pages and media.

    It does here what the skipped middleware does: the trace id, the caller's addresses, CORS, and
    the answer to requests that are unfinished when the server stops. `answer` returns the function
    that answers a request, None if it is not for the API. `reach` is that of `CallersAddresses`.
    """

    def __init__(self, app: ASGIApp, answer: FindApi, reach: Callable[[], Reach | None]) -> None:
        self._app = app
        self._find = answer
        self._reach = reach

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = self._find(scope) if scope["type"] == "http" else None
        if api is None:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        reach = self._reach()
        http = used_by(scope["scheme"], Headers(scope=scope)) if reach else None
        if reach is None or http is None:
            await self._answer(api, scope, receive, send)
            return
        with answering(reach.at(http)):
            await self._answer(api, scope, receive, send)

    async def _answer(self, api: Api, scope: Scope, receive: Receive, send: Send) -> None:
        trace = scope["state"]["trace_id"] = trace_id()
        try:
            response = await api(Request(scope, receive, send))
        except CancelledError:
            response = _unfinished(scope)
        except ClientDisconnect:
            # The client disconnected before the end of the body: nobody reads this answer.
            gone = Refused("bad_request", "The request ended before its body did.")
            response = answer(gone, trace)
        # A new list: the request log keeps the old one.
        headers = allowing_any_origin(scope, response.raw_headers)
        response.raw_headers = [*headers, (b"x-trace-id", trace.encode())]
        await response(scope, receive, send)


class Unfinished:
    """Refuses requests that are not answered when the server has to stop.

    For example a request whose body has not come completely: its client sends it again.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except CancelledError:
            if has_begun:
                raise
            await _unfinished(scope)(scope, receive, send)


def _unfinished(scope: Scope) -> Response:
    refused = Refused(
        "unavailable",
        "The emulator is stopping. Send this request again once it runs.",
        retry_after_seconds=1,
    )
    return answer(refused, scope["state"]["trace_id"])


def allowing_any_origin(scope: Scope, raw: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with those that `CORS` adds, which vary by the origin."""
    varies = [b"Origin"]
    headers = list[tuple[bytes, bytes]]()
    for pair in raw:
        if pair[0] == b"vary":
            varies.insert(-1, pair[1])
        else:
            headers.append(pair)
    headers.append((b"vary", b", ".join(varies)))
    origin = header(scope, b"origin")
    if origin:
        headers += _ALLOWED
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
    return headers


_ALLOWED = (
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", ", ".join(EXPOSED).encode()),
)
CORS = Middleware(
    CORSMiddleware,
    # Browsers send credentials only if the answer names the origin, so it is repeated instead of
    # `*`.
    allow_origin_regex=".*",
    allow_credentials=True,
    allow_methods=METHODS,
    allow_headers=["*"],
    expose_headers=EXPOSED,
    max_age=600,
)
