"""The identity of a player: a cookie, else its address and agent (contract, websocket.md).

The cookie is set with the multivariant playlist and the watch page. Every player requests one of
them first, and they do not count as watching; so a player that keeps cookies has one session from
its first counted request.
"""

import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from emulator.core.ids import trace_id
from emulator.platform.request_log import UNLOGGED
from emulator.web.auth import authenticate_optional, credential
from emulator.web.http.caller_address import caller_host
from emulator.world.audience.ledger import DIRECT, UNKNOWN_COUNTRY, UNKNOWN_DEVICE
from emulator.world.world import World

COOKIE = "live_emulator_viewer"
_COOKIE = re.compile(rb"(?:^|[; ])%s=\"?([!#-+\--:<-\[\]-~]{1,64})\"?(?:;|$)" % COOKIE.encode())
_CREDENTIALS = {b"authorization", b"x-api-key"}
# The first header with a country is used: our own, then those of proxies and CDNs.
_COUNTRY_HEADERS = (
    "x-emulator-country",
    "cf-ipcountry",
    "cloudfront-viewer-country",
    "x-vercel-ip-country",
    "x-appengine-country",
    "x-country-code",
)
# Cloudflare's XX and T1 (Tor) are not countries.
_COUNTRY = re.compile(r"(?!XX)[A-Z]{2}", re.ASCII)
_DEVICE_HEADERS = ("x-emulator-device", "cf-device-type")
_CLOUDFRONT_DEVICES = ("mobile", "tablet", "smarttv", "desktop")
DEVICES = ("desktop", "mobile", "tablet", "tv")
# Patterns in an agent's name that show its device, the most specific first.
_AGENTS = (
    ("tv", re.compile(r"smart-?tv|appletv|tizen|web0s|roku|crkey|aftt|bravia", re.I)),
    ("tablet", re.compile(r"ipad|tablet|kindle|silk|android(?!.*mobile)", re.I)),
    ("mobile", re.compile(r"iphone|ipod|mobile|android", re.I)),
    ("desktop", re.compile(r"windows nt|macintosh|x11|cros|linux x86", re.I)),
)
_REFERRER_LENGTH_MAX = 100


def session_of(request: HTTPConnection) -> str:
    """Return the session of a request; never empty."""
    cookie = _cookie(request)
    if cookie:
        return f"cookie {cookie}"
    host = caller_host(request) or "nowhere"
    return f"{host} {request.headers.get('user-agent', '')[:200]}"


def _cookie(request: HTTPConnection) -> str:
    """Return our cookie's value, empty without one.

    Every poll needs it, so nothing else is parsed.
    """
    for name, value in request.scope["headers"]:
        if name == b"cookie":
            match = _COOKIE.search(value)
            return match[1].decode() if match else ""
    return ""


def viewer_of(world: World, request: HTTPConnection) -> tuple[str, bool]:
    """Return the session of a player, and whether it is signed in.

    A player that sends its user's key or token and no cookie is the same viewer as that user's
    chat; with a cookie it is the viewer of the cookie.
    """
    sent = {name for name, _ in request.scope["headers"]}
    text = credential(request) if sent & _CREDENTIALS else ""
    user = authenticate_optional(world, text) if text else None
    if user is None or _cookie(request):
        return session_of(request), user is not None
    return f"user {user.id}", True


def country_of(request: HTTPConnection) -> str:
    """Return the viewer's country from a header of a proxy or a test; else unknown."""
    for header in _COUNTRY_HEADERS:
        text = request.headers.get(header, "").upper()
        if _COUNTRY.fullmatch(text):
            return text
    return UNKNOWN_COUNTRY


def device_of(request: HTTPConnection) -> str:
    """Return the viewer's device from a header or the agent's name; else unknown."""
    for header in _DEVICE_HEADERS:
        text = request.headers.get(header, "").lower()
        if text in DEVICES:
            return text
    for kind in _CLOUDFRONT_DEVICES:
        if request.headers.get(f"cloudfront-is-{kind}-viewer") == "true":
            return "tv" if kind == "smarttv" else kind
    agent = request.headers.get("user-agent", "")[:300]
    return next((device for device, name in _AGENTS if name.search(agent)), UNKNOWN_DEVICE)


def referrer_of(request: HTTPConnection) -> str:
    """Return the host of the site that linked here; `direct` without one."""
    # For a WebSocket browsers only send the origin of the page.
    named = request.headers.get("referer") or request.headers.get("origin", "")
    try:
        host = urlsplit(named).hostname or ""
        own = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:  # Not an address.
        return DIRECT
    return host if host != own and 0 < len(host) <= _REFERRER_LENGTH_MAX else DIRECT


def is_counted(request: HTTPConnection) -> bool:
    """Whether the request may be of a viewer: previews in the console do not count."""
    return UNLOGGED not in request.headers


def remember(request: HTTPConnection, response: Response) -> None:
    """Set the cookie that identifies a player, unless it has one."""
    if COOKIE not in request.cookies:
        response.set_cookie(COOKIE, trace_id(), path="/", httponly=True, samesite="lax")
