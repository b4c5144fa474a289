"""The ASGI application: routes, middleware, error handlers. Keep each of them a list."""

import re
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.shapes.addresses import Reach
from emulator.web.admin import health
from emulator.web.admin.callers import Callers
from emulator.web.admin.guard import AdminGuard, CallerGuard
from emulator.web.errors import answer, crash
from emulator.web.http.caller_address import CallersAddresses
from emulator.web.http.middleware import CORS, Api, Direct, Trace, Unfinished
from emulator.web.http.world_choice import choose
from emulator.web.openapi import routes as openapi
from emulator.web.pages import page, watch
from emulator.web.playback import hls, images, webrtc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ExceptionHandler, Receive, Scope, Send

    from emulator.shapes.dialect import Dialect
    from emulator.web.chat.socket import ChatSocket
    from emulator.web.http.dispatch import Dispatch

PREFIXES: "dict[str, Dialect]" = {"/api/v1": "documented", "/v1": "client"}
# Paths that no app under test requests.
_OURS = ("/_emulator/", "/favicon.ico")
# Names of files: `video.m3u8`, `{name}`.
_FILE_NAME = re.compile(r"[.{]")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
# The middleware answers `OPTIONS` requests, which browsers send before requests to another origin.
_DIRECT = frozenset(METHODS) - {"OPTIONS"}


def build(worlds: Worlds, callers: Callers | None = None) -> Starlette:
    """The application for all worlds of this process."""
    apis = {prefix: _Api(worlds, dialect) for prefix, dialect in PREFIXES.items()}
    admin = _Admin(worlds, "documented")

    def reach() -> Reach | None:
        return worlds.shared.reach

    app = Starlette(
        routes=[
            *_both_spellings(openapi.routes(worlds)),
            *_chat(worlds),
            *(
                Route(f"{prefix}/{{path:path}}", api.answer, methods=METHODS)
                for prefix, api in apis.items()
            ),
            *_both_spellings(health.routes(worlds)),
            *watch.routes(worlds),
            *_both_spellings(page.routes(worlds)),
            Route("/_emulator/{path:path}", admin.answer, methods=METHODS),
            *images.routes(worlds),
            *_both_spellings(hls.routes(worlds)),
            *_both_spellings(webrtc.routes(worlds)),
        ],
        middleware=[
            Middleware(Direct, answer=partial(_find_api, apis), reach=reach),
            Middleware(Trace),
            Middleware(Unfinished),
            Middleware(CallerGuard, callers=callers or Callers()),
            CORS,
            Middleware(CallersAddresses, reach=reach),
            Middleware(AdminGuard, token=worlds.shared.admin_token),
        ],
        exception_handlers={**_ERRORS, HTTPException: _Unrouted(worlds).answer},
    )
    # Clients that do not follow redirects use both spellings of an address (contract, Addresses).
    app.router.redirect_slashes = False
    return app


def _both_spellings(routes: list[Route]) -> list[Route]:
    """Return each route with and without a slash at its end.

    A file only has one address, because the entries of a playlist are relative to it.
    """
    variants = []
    for route in routes:
        name = route.path.rstrip("/").rpartition("/")[2]
        if not name or (_FILE_NAME.search(name) and name != "openapi.json"):
            continue
        path = route.path.rstrip("/") if route.path.endswith("/") else f"{route.path}/"
        methods = list(route.methods) if route.methods else None
        variants.append(Route(path, route.endpoint, methods=methods))
    return [*routes, *variants]


def _find_api(apis: "Mapping[str, _Api]", scope: "Scope") -> Api | None:
    """Return the function that answers a request of the platform's API; None for other requests.

    The API's document is not among them.
    """
    path = scope["path"]
    for prefix, api in apis.items():
        if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] == "/":
            if scope["method"] not in _DIRECT or path == f"{prefix}/openapi.json":
                return None
            scope["path_params"] = {"path": path[len(prefix) + 1 :]}
            return api.dispatch.answer
    return None


def _chat(worlds: Worlds) -> list[WebSocketRoute]:
    """Return the routes of the chat socket, under both prefixes, each in its own dialect."""
    path = "/streams/{stream_id}/chat/ws"
    return [
        WebSocketRoute(f"{prefix}{path}{slash}", _Chat(worlds, dialect))
        for prefix, dialect in PREFIXES.items()
        for slash in ("", "/")
    ]


class _Api:
    """The platform's API under one prefix, imported at its first request (or by `warm`)."""

    def __init__(self, worlds: Worlds, dialect: "Dialect") -> None:
        self._worlds = worlds
        self._dialect: Dialect = dialect

    async def answer(self, request: Request) -> Response:
        return await self.dispatch.answer(request)

    @cached_property
    def dispatch(self) -> "Dispatch":
        from emulator.web.api.table import ROUTER
        from emulator.web.http.dispatch import Dispatch, platform_steps

        return Dispatch(self._worlds, self._dialect, platform_steps(ROUTER))


class _Admin(_Api):
    """The admin API, imported at its first request."""

    @cached_property
    def dispatch(self) -> "Dispatch":
        from emulator.web.admin.table import ROUTER
        from emulator.web.http.dispatch import Dispatch, admin_steps

        return Dispatch(self._worlds, self._dialect, admin_steps(ROUTER))


class _Chat:
    """The chat socket of one dialect, imported at its first connection."""

    def __init__(self, worlds: Worlds, dialect: "Dialect") -> None:
        self._worlds = worlds
        self._dialect: Dialect = dialect

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        await self._socket(scope, receive, send)

    @cached_property
    def _socket(self) -> "ChatSocket":
        from emulator.web.chat.socket import ChatSocket

        return ChatSocket(self._worlds, self._dialect)


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise TypeError("only refusals are answered here") from error
    return answer(error, request.state.trace_id)


async def _http(request: Request, error: Exception) -> Response:
    """Answer Starlette's own refusals: unknown path, wrong method."""
    if not isinstance(error, HTTPException):
        raise TypeError("only Starlette's refusals are answered here") from error
    allow = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
    refused = (
        Refused("bad_request", "Method Not Allowed", allow=allow)
        if allow
        else Refused("not_found", "Not Found")
    )
    return answer(refused, request.state.trace_id)


class _Unrouted:
    """Answers requests without a route, and logs them.

    An app that sends them uses a wrong address of the platform, so its developer needs to see them.
    """

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    async def answer(self, request: Request, error: Exception) -> Response:
        response = await _http(request, error)
        if not request.url.path.startswith(_OURS):
            await self._note(request, response)
        return response

    async def _note(self, request: Request, response: Response) -> None:
        from emulator.web.http.call import Call
        from emulator.web.http.request_record import read_rest, record

        call = Call(
            request=request,
            worlds=self._worlds,
            platform=self._worlds.default,
            dialect="documented",
        )
        with suppress(Refused):
            call.platform = choose(self._worlds, request)
        await read_rest(call)
        record(call, response)


async def _crash(request: Request, error: Exception) -> Response:
    return crash(error, request.state.trace_id)


async def _gone(request: Request, _error: Exception) -> Response:
    """The client disconnected before the end of the request's body. Nobody reads this answer."""
    refused = Refused("bad_request", "The request ended before its body did.")
    return answer(refused, request.state.trace_id)


_ERRORS: "dict[int | type[Exception], ExceptionHandler]" = {
    Refused: _refused,
    ClientDisconnect: _gone,
    Exception: _crash,
}
