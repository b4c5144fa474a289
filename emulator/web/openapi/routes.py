"""`/openapi.json` of the platform and of the admin API; the page `/docs` shows them."""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator.platform.worlds import Worlds
from emulator.web.errors import JSONResponse

if TYPE_CHECKING:
    from emulator.web.openapi.document import Document

Surface = Literal["documented", "client", "admin"]


def routes(worlds: Worlds) -> list[Route]:
    """Return the routes. Without a prefix the documented dialect's document is answered."""

    def answer(surface: Surface) -> Response:
        value = document(surface, worlds.default.addresses.http)
        return JSONResponse(value, headers={"Cache-Control": "no-cache"})

    async def documented(_: Request) -> Response:
        return answer("documented")

    async def client(_: Request) -> Response:
        return answer("client")

    async def admin(_: Request) -> Response:
        return answer("admin")

    return [
        Route("/openapi.json", documented),
        Route("/api/v1/openapi.json", documented),
        Route("/v1/openapi.json", client),
        Route("/_emulator/openapi.json", admin),
    ]


def document(surface: Surface, http: str = "") -> dict[str, Any]:
    """Return the OpenAPI document of one API, for clients that reach this server at `http`."""
    return _document(surface).value(http)


@cache
def _document(surface: Surface) -> "Document":
    """Make the document at its first request."""
    from emulator.web.openapi.document import Document

    if surface == "admin":
        from emulator.web.admin.table import OPERATIONS

        return Document(OPERATIONS, title="live-emulator", prefix="/_emulator")
    from emulator.web.api.table import OPERATIONS as PLATFORM

    prefix = "/api/v1" if surface == "documented" else "/v1"
    return Document(PLATFORM, title="Live streaming platform", prefix=prefix)
