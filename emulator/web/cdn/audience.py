"""Which player this is: by a cookie, else by address and agent (contract, websocket.md).

The cookie is given with the multivariant playlist and the watch page, which every player asks for
first and which do not count; a player that keeps cookies is thus one session from its first count.
"""

import re

from starlette.requests import HTTPConnection
from starlette.responses import Response

from emulator.core.ids import trace_id
from emulator.world.audience.attendance import UNKNOWN_COUNTRY

COOKIE = "live_emulator_viewer"
_COOKIE_LENGTH_MAX = 64
_COUNTRY_HEADERS = ("x-emulator-country", "cf-ipcountry")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


def session_of(request: HTTPConnection) -> str:
    """The session that this request belongs to; never empty."""
    cookie = request.cookies.get(COOKIE, "")
    if 0 < len(cookie) <= _COOKIE_LENGTH_MAX:
        return f"cookie {cookie}"
    host = request.client.host if request.client else "nowhere"
    return f"{host} {request.headers.get('user-agent', '')[:200]}"


def country_of(request: HTTPConnection) -> str:
    """The viewer's country, as a proxy or a test's own header says it; else unknown."""
    for header in _COUNTRY_HEADERS:
        told = request.headers.get(header, "").upper()
        if _COUNTRY.fullmatch(told):
            return told
    return UNKNOWN_COUNTRY


def remember(request: HTTPConnection, response: Response) -> None:
    """Give a player that has none the cookie that tells it apart."""
    if COOKIE not in request.cookies:
        response.set_cookie(COOKIE, trace_id(), path="/", httponly=True, samesite="lax")
