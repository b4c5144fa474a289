"""Middleware: what is true of every answer: it can be traced, and any origin may read it.

What the guards of `/_emulator/` refuse never comes to the second of them.
"""

from asyncio import CancelledError
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.core.ids import trace_id
from emulator.web.errors import answer

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
    """Gives each request a trace id, and each answer that id in `X-Trace-Id`."""

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


class Unfinished:
    """Refuses, in a sentence, a request that is not answered by the time the server has to stop.

    A body that has come half by then, for one: its client sends it again.
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
            refused = Refused(
                "unavailable",
                "The emulator stops before this request is done. Send it again once it runs.",
                retry_after_seconds=1,
            )
            await answer(refused, scope["state"]["trace_id"])(scope, receive, send)


class AnyOrigin(CORSMiddleware):
    """Starlette's, where every origin is allowed: what is added to an answer is made but once."""

    def __init__(self, app: ASGIApp, /, **options: Any) -> None:
        super().__init__(app, **options)
        self._headers = [
            (name.lower().encode(), value.encode()) for name, value in self.simple_headers.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_http = scope["type"] == "http"
        if not is_http or scope["method"] == "OPTIONS":
            await super().__call__(scope, receive, send)
            return
        origins = [value for name, value in scope["headers"] if name == b"origin"]

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._allowed(origins, message.get("headers", ()))
            await send(message)

        await self.app(scope, receive, send_allowed)

    def _allowed(
        self, origins: Sequence[bytes], raw: Iterable[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        """The headers of an answer, which varies by the origin that asks."""
        varies = [b"Origin"]
        headers = list[tuple[bytes, bytes]]()
        for header in raw:
            if header[0] == b"vary":
                varies.insert(-1, header[1])
            else:
                headers.append(header)
        headers.append((b"vary", b", ".join(varies)))
        if origins:
            headers += self._headers
            headers.append((b"access-control-allow-origin", origins[0]))
        return headers


CORS = Middleware(
    AnyOrigin,
    # Browsers send credentials to a named origin only, so the origin is echoed, not starred.
    allow_origin_regex=".*",
    allow_credentials=True,
    allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    allow_headers=["*"],
    expose_headers=EXPOSED,
    max_age=600,
)
