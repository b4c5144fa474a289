"""Pages that are frames for scripts: their templates, and a policy without foreign content.

The content of such a page comes from the two APIs, which `--admin-token` guards.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from html import escape
from string import Template

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from emulator.core.errors import Refused
from emulator.platform.worlds import Worlds
from emulator.version import __version__
from emulator.web.http.world_choice import choose
from emulator.web.pages import assets
from emulator.world.world import DEFAULT

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

_ICON = "icon.svg"
# The pages by address, with their templates.
PAGES = {
    "/_emulator/": "console.html",
    "/docs": "docs.html",
    # A client like any other, for everybody who can reach the platform.
    "/_emulator/site/": "site.html",
}


def routes(worlds: Worlds) -> list[Route]:
    """Return the routes of the pages, of the front door `/` (for browsers only) and of the icon."""
    return [
        Route("/", FrontDoor(worlds)),
        Route("/favicon.ico", _favicon),
        *(Route(path, _page(worlds, name)) for path, name in PAGES.items()),
    ]


def _page(worlds: Worlds, name: str) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        return show(worlds, request, name)

    return page


def show(worlds: Worlds, request: Request, name: str) -> Response:
    """Answer the page of a template. It begins in the world that the request's host names."""
    page = _template(name).substitute(
        static=assets.load().address,
        modules=_preloads(name.removesuffix(".html")),
        version=escape(__version__),
        world=escape(_world(worlds, request)),
    )
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(page, headers=headers)


@cache
def _preloads(folder: str) -> str:
    """Return links to the modules of a page, so that the browser loads them all at once."""
    files = assets.load()
    names = [
        name
        for name in files.files
        if name.endswith(("js", "mjs"))
        and (name.startswith(("lib/", "preact-")) or name.rpartition("/")[0] == folder)
    ]
    return "\n".join(f'<link rel="modulepreload" href="{files.address}/{name}">' for name in names)


def _world(worlds: Worlds, request: Request) -> str:
    try:
        return choose(worlds, request).world.name
    except Refused:  # The page shows the error at its first request.
        return DEFAULT


class FrontDoor:
    """`/` is a page for browsers; for all other clients it does not exist.

    This is a Starlette endpoint for all methods: other requests are refused like any unknown
    address.
    """

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from emulator.web.http.accept import prefers  # Late: a start does not need it.

        request = Request(scope, receive)
        accept = ",".join(request.headers.getlist("accept"))
        is_read = request.method in ("GET", "HEAD")
        if not is_read or not prefers(accept, "text/html", "application/json"):
            raise HTTPException(404)
        response = show(self._worlds, request, "front_door.html")
        response.headers["Vary"] = "Accept"
        await response(scope, receive, send)


async def _favicon(_: Request) -> Response:
    """Answer the icon for pages without one, such as an answer that a browser shows as text."""
    headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(assets.load().files[_ICON], media_type="image/svg+xml", headers=headers)


@cache
def _template(name: str) -> Template:
    return Template((assets.FOLDER.parent / "templates" / name).read_text("utf-8"))
