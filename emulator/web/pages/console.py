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
    return [Route("/_emulator/", _show)]


async def _show(_: Request) -> Response:
    page = Template((assets.FOLDER.parent / "templates" / "console.html").read_text("utf-8"))
    return HTMLResponse(
        page.substitute(static=assets.load().address),
        headers={"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"},
    )
