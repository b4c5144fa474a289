"""Reach: by which addresses this server is reached: those of the settings, or the caller's own.

A server beyond loopback is reached by names that it cannot know: a container's, a proxy's. Where no
setting says them, each answer is told by the host that its caller used (decision 15).
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.core.hosts import in_url
from emulator.core.values import dataclass

T = TypeVar("T")

# Clients look for the CDN's name inside the addresses they are given (contract, Media addresses).
CDN_NAME = "customer-emulator.cloudflarestream.com"

# RFC 9110, 7.2: a name or an address, and perhaps a port.
_AUTHORITY = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9._-]{0,252})(?::[0-9]{1,5})?"
)
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where this platform is reached. No address ends in a slash; `media` is the CDN's name.

    `stun` is empty where there is none.
    """

    http: str
    media: str
    rtmp: str
    rtmps: str
    stun: str = ""

    def ready(self) -> dict[str, str]:
        """The addresses that the ready file holds, by their names there."""
        return {
            "http": self.http,
            "ws": f"ws{self.http.removeprefix('http')}",
            "rtmp": self.rtmp,
            "rtmps": self.rtmps,
            "admin": f"{self.http}/_emulator",
            "console": f"{self.http}/_emulator/",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What all addresses of this server have in common, whichever host they name.

    `media`, `rtmp` and `rtmps` are those that a setting fixes, empty where they follow the host.
    """

    rtmp_port: int
    rtmps_port: int
    stun_port: int
    media: str = ""
    rtmp: str = ""
    rtmps: str = ""

    def at(self, http: str) -> Addresses:
        """All addresses, for who reaches the API at `http`."""
        name = urlsplit(http).hostname or ""
        # `NAME.localhost` chooses a world over HTTP; few encoders can resolve it.
        host = in_url("localhost" if name.endswith(".localhost") else name)
        return Addresses(
            http=http,
            media=self.media or f"{http}/{CDN_NAME}",
            rtmp=self.rtmp or f"rtmp://{host}:{self.rtmp_port}/live",
            rtmps=self.rtmps or f"rtmps://{host}:{self.rtmps_port}/live",
            stun=f"stun:{host}:{self.stun_port}",
        )


_callers: ContextVar[Addresses | None] = ContextVar("_callers", default=None)


def callers() -> Addresses | None:
    """The addresses of who asks at this moment; None where the settings' own are meant."""
    return _callers.get()


@contextmanager
def _told_to(addresses: Addresses | None) -> Iterator[None]:
    token = _callers.set(addresses)
    try:
        yield
    finally:
        _callers.reset(token)


def to_nobody(tell: Callable[[T], None]) -> Callable[[T], None]:
    """`tell`, but what it says is for many: it names no caller's addresses."""

    def told(fact: T) -> None:
        if _callers.get() is None:
            tell(fact)
            return
        with _told_to(None):
            tell(fact)

    return told


class CallersAddresses:
    """While a request is answered, `callers` gives the addresses of who asks.

    `reach` gives None where every caller is told the same ones. A chat socket's readers hear the
    same bytes, so they are told those of the settings.
    """

    def __init__(self, app: ASGIApp, reach: Callable[[], Reach | None]) -> None:
        self._app = app
        self._reach = reach

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reach = self._reach() if scope["type"] == "http" else None
        http = used_by(scope["scheme"], Headers(scope=scope)) if reach else None
        if reach is None or http is None:
            await self._app(scope, receive, send)
            return
        with _told_to(reach.at(http)):
            await self._app(scope, receive, send)


def used_by(scheme: str, headers: Headers) -> str | None:
    """The address that a caller used, such as `https://streams.test:8443`; None where none shows.

    What a proxy says of it (`X-Forwarded-Host`, `-Proto`, `-Port`, the first of several) goes
    before the `Host` header; what is not a host, a scheme or a port counts as not said.
    """
    proto = _first(headers, "x-forwarded-proto").lower()
    if proto in ("http", "https"):
        scheme = proto
    forwarded = _first(headers, "x-forwarded-host")
    if _AUTHORITY.fullmatch(forwarded):
        port = _first(headers, "x-forwarded-port")
        has_port = forwarded.rpartition("]")[2].count(":") > 0
        if not has_port and _PORT.fullmatch(port) and (scheme, port) not in _USUAL:
            forwarded = f"{forwarded}:{port}"
        return f"{scheme}://{forwarded}"
    host = headers.get("host", "")
    return f"{scheme}://{host}" if _AUTHORITY.fullmatch(host) else None


_USUAL = (("http", "80"), ("https", "443"))


def _first(headers: Headers, name: str) -> str:
    return headers.get(name, "").partition(",")[0].strip()
