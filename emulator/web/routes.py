"""Routes: every address of this server, made at the first request that the API does not answer."""

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from emulator.platform.worlds import Worlds
from emulator.shapes.dialect import PREFIXES, Dialect
from emulator.web.admin import health
from emulator.web.http.middleware import METHODS
from emulator.web.openapi import routes as openapi
from emulator.web.pages import page, watch
from emulator.web.playback import hls, images, webrtc

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from emulator.web.chat.socket import ChatSocket

Endpoint = Callable[[Request], Awaitable[Response]]
# Names of files: `video.m3u8`, `{name}`.
_FILE_NAME = re.compile(r"[.{]")


def routes(worlds: Worlds, tables: Mapping[str, Endpoint]) -> list[BaseRoute]:
    """Return all routes. The endpoints of `tables` answer all other paths under their prefixes."""
    return [
        *_both_spellings(openapi.routes(worlds)),
        *_chat(worlds),
        *health.routes(worlds),
        *watch.routes(worlds),
        *_both_spellings(page.routes(worlds)),
        *(
            Route(f"{prefix}/{{path:path}}", answer, methods=METHODS)
            for prefix, answer in tables.items()
        ),
        *images.routes(worlds),
        *_both_spellings(hls.routes(worlds)),
        *_both_spellings(webrtc.routes(worlds)),
    ]


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


def _chat(worlds: Worlds) -> list[WebSocketRoute]:
    """Return the routes of the chat socket, under both prefixes, each in its own dialect."""
    path = "/streams/{stream_id}/chat/ws"
    return [
        WebSocketRoute(f"{prefix}{path}{slash}", _Chat(worlds, dialect))
        for prefix, dialect in PREFIXES.items()
        for slash in ("", "/")
    ]


class _Chat:
    """The chat socket of one dialect, imported at its first connection."""

    def __init__(self, worlds: Worlds, dialect: Dialect) -> None:
        self._worlds = worlds
        self._dialect = dialect

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        await self._socket(scope, receive, send)

    @cached_property
    def _socket(self) -> "ChatSocket":
        from emulator.web.chat.socket import ChatSocket

        return ChatSocket(self._worlds, self._dialect)
