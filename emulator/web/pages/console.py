"""The console: `/_emulator/`, a page that shows what is on and does what a developer does by hand.

The page itself tells nothing: all it shows comes from the two APIs, so `--admin-token` guards it.
"""

from string import Template

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from emulator.web.openapi.routes import POLICY
from emulator.web.pages import assets


def routes() -> list[Route]:
    return [Route("/_emulator/", _show), Route("/_emulator/console-before", _show_before)]


async def _show(_: Request) -> Response:
    return _page("console.html")


async def _show_before(_: Request) -> Response:
    """The console of before, until each of its parts has a view in the new one."""
    return _page("console_before.html")


def _page(name: str) -> Response:
    page = Template((assets.FOLDER.parent / "templates" / name).read_text("utf-8"))
    return HTMLResponse(
        page.substitute(static=assets.load().address),
        headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"},
    )
