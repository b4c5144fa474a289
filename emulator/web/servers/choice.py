"""Choice: which HTTP server carries the application, and with which certificate."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp

from emulator.web.servers.listening import Listening

# Requests that are still being answered when the emulator stops are given so long.
GRACE_SECONDS = 1
# An idle connection is kept so long: apps that poll open one and use it for hours.
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True)
class Tls:
    """A server's certificate. `context` is its own: a server may name its protocols in it (ALPN).

    `certificate` and `key` are the files that the context was made of (perhaps the same).
    """

    context: ssl.SSLContext
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class SocketBounds:
    """A WebSocket client sends no more at once than `frame_bytes_max` (else 1009).

    Half-open connections are found by pings every `ping_ms`.
    """

    frame_bytes_max: int = 16 * 1024
    ping_ms: int = 20_000


class WebServer(Protocol):
    """Signals stay with who runs us; nothing is logged that a request says."""

    async def start(self, listening: Listening) -> None:
        """Serve these sockets. Returns once connections are answered."""
        ...

    async def stop(self) -> None:
        """Take no more; let what is being answered end, for `GRACE_SECONDS` at most."""
        ...


def speaks_quic(name: str, tls: Tls | None) -> bool:
    """Whether this server will also serve HTTP/3, which knows no plain text (RFC 9114, 3.1)."""
    return name == "hypercorn" and tls is not None


def web_server(name: str, app: ASGIApp, tls: Tls | None, sockets: SocketBounds) -> WebServer:
    """The server of this name, not started; each is imported when it is chosen."""
    if name == "hypercorn":
        from emulator.web.servers.hypercorn_server import HypercornServer

        return HypercornServer(app, tls, sockets)
    from emulator.web.servers.uvicorn_server import UvicornServer

    return UvicornServer(app, tls, sockets)
