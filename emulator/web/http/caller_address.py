"""The address by which a caller reached this server, from its request (decision 15)."""

import re
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.shapes.addresses import Reach, answering

# RFC 9110, 7.2: a name or an address, and optionally a port.
_AUTHORITY = re.compile(
    r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_][A-Za-z0-9._-]{0,252})(?::[0-9]{1,5})?"
)
# An address with an optional port, which is different for each connection.
_CLIENT = (
    r"\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?"
    r"|([0-9.]{7,15})(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"
)
_PORT = "[0-9]{1,5}"
_DEFAULT_PORTS = (("http", "80"), ("https", "443"))


class CallersAddresses:
    """Middleware: during a request, `addresses.of_caller` returns the addresses for its caller.

    `reach` returns None if all callers get the same addresses. All readers of a chat get the same
    bytes, so a chat socket uses the addresses of the settings.
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
        with answering(reach.at(http)):
            await self._app(scope, receive, send)


def used_by(scheme: str, headers: Headers) -> str | None:
    """Return the address that a caller used, such as `https://streams.test:8443`; None if unknown.

    The headers of a proxy (`X-Forwarded-Host`, `-Proto`, `-Port`, the first of several values) take
    precedence over the `Host` header. An invalid host, scheme or port is ignored.
    """
    proto = _first(headers, "x-forwarded-proto").lower()
    if proto in ("http", "https"):
        scheme = proto
    forwarded = _first(headers, "x-forwarded-host")
    if _AUTHORITY.fullmatch(forwarded):
        port = _first(headers, "x-forwarded-port")
        has_port = forwarded.rpartition("]")[2].count(":") > 0
        if not has_port and re.fullmatch(_PORT, port) and (scheme, port) not in _DEFAULT_PORTS:
            forwarded = f"{forwarded}:{port}"
        return f"{scheme}://{forwarded}"
    host = headers.get("host", "")
    return f"{scheme}://{host}" if _AUTHORITY.fullmatch(host) else None


def caller_host(request: HTTPConnection) -> str:
    """Return the address of a request's client; empty if unknown.

    Behind a proxy it is the first value of `X-Forwarded-For`.
    """
    match = re.fullmatch(_CLIENT, _first(request.headers, "x-forwarded-for"))
    if match is not None:
        return match[1] or match[2] or match[3]
    return str(request.client.host) if request.client else ""


def _first(headers: Headers, name: str) -> str:
    return headers.get(name, "").partition(",")[0].strip()
