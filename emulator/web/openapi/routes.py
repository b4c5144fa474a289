"""`/openapi.json` of the platform and of our own API, and `/docs`, which shows them."""

from functools import cache
from string import Template
from typing import Literal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from emulator.web.errors import JSONResponse
from emulator.web.pages import assets

Surface = Literal["documented", "client", "admin"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def routes() -> list[Route]:
    """The document without a prefix is that of the documented one."""

    async def documented(_: Request) -> Response:
        return _json("documented")

    async def client(_: Request) -> Response:
        return _json("client")

    async def admin(_: Request) -> Response:
        return _json("admin")

    return [
        Route("/openapi.json", documented),
        Route("/api/v1/openapi.json", documented),
        Route("/v1/openapi.json", client),
        Route("/_emulator/openapi.json", admin),
        Route("/docs", _docs),
    ]


@cache
def document(surface: Surface) -> dict[str, object]:
    """The OpenAPI document of one surface, made at the first request for it."""
    from emulator.web.openapi.document import Document

    if surface == "admin":
        from emulator.web.admin.table import OPERATIONS

        return Document(OPERATIONS, title="live-emulator", servers=["/_emulator"]).value
    from emulator.web.api.table import OPERATIONS as PLATFORM

    prefix = "/api/v1" if surface == "documented" else "/v1"
    return Document(PLATFORM, title="Live streaming platform", servers=[prefix]).value


def _json(surface: Surface) -> Response:
    return JSONResponse(document(surface), headers={"Cache-Control": "no-cache"})


async def _docs(_: Request) -> Response:
    page = Template((assets.FOLDER.parent / "templates" / "docs.html").read_text("utf-8"))
    return HTMLResponse(
        page.substitute(static=assets.load().address),
        headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"},
    )
