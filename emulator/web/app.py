"""The ASGI application: middleware and error handlers. Keep each of them a list."""

from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Router

from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.shapes.addresses import Reach
from emulator.shapes.dialect import PREFIXES, Dialect
from emulator.web.admin import health
from emulator.web.admin.callers import Callers
from emulator.web.admin.guard import AdminGuard, CallerGuard
from emulator.web.errors import answer, crash
from emulator.web.http.caller_address import CallersAddresses
from emulator.web.http.middleware import CORS, METHODS, Api, Direct, Trace, Unfinished

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ExceptionHandler, Receive, Scope, Send

    from emulator.web.http.dispatch import Dispatch
    from emulator.web.routes import Endpoint

# Paths that no app under test requests.
_OURS = ("/_emulator/", "/favicon.ico")
# The middleware answers `OPTIONS` requests, which browsers send before requests to another origin.
_DIRECT = frozenset(METHODS) - {"OPTIONS"}


def build(worlds: Worlds, callers: Callers | None = None) -> Starlette:
    """The application for all worlds of this process."""
    apis = {prefix: _Api(worlds, dialect) for prefix, dialect in PREFIXES.items()}
    tables = {**apis, "/_emulator": _Admin(worlds, "documented")}
    late_routes = _LateRoutes(worlds, {prefix: table.answer for prefix, table in tables.items()})

    def reach() -> Reach | None:
        return worlds.shared.reach

    app = Starlette(
        routes=[*health.routes(worlds), Mount("", late_routes)],
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


class _LateRoutes:
    """All routes, imported and made at the first request that needs them.

    A start does not pay for them: a probe's address is before them, and the API is found without.
    """

    def __init__(self, worlds: Worlds, tables: "Mapping[str, Endpoint]") -> None:
        self._worlds = worlds
        self._tables = tables

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        await self._router(scope, receive, send)

    @cached_property
    def _router(self) -> Router:
        from emulator.web.routes import routes

        return Router(routes(self._worlds, self._tables), redirect_slashes=False)


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


class _Api:
    """The platform's API under one prefix, imported at its first request (or by `warm`)."""

    def __init__(self, worlds: Worlds, dialect: Dialect) -> None:
        self._worlds = worlds
        self._dialect = dialect

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
        Refused(
            "bad_request",
            "Method Not Allowed",
            allow=allow,
            message=f"Method Not Allowed: this path takes {allow}.",
        )
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
        from emulator.web.http.world_choice import choose

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
