"""Choice: which HTTP server carries the application, and with which certificate."""

from typing import Protocol

from starlette.types import ASGIApp

from emulator.web.servers.config import SocketConfig, Tls
from emulator.web.servers.listening import Listening


class WebServer(Protocol):
    """Signals stay with the caller; nothing is logged that a request says."""

    async def start(self, listening: Listening) -> None:
        """Serve these sockets. Returns once connections are answered."""
        ...

    async def stop(self) -> None:
        """Take no more; let what is being answered end, for `GRACE_SECONDS` at most."""
        ...


def speaks_quic(name: str, tls: Tls | None) -> bool:
    """Whether this server will also serve HTTP/3, which knows no plain text (RFC 9114, 3.1)."""
    return name == "hypercorn" and tls is not None


def web_server(name: str, app: ASGIApp, tls: Tls | None, sockets: SocketConfig) -> WebServer:
    """The server of this name, not started; each is imported when it is chosen."""
    if name == "hypercorn":
        from emulator.web.servers.hypercorn_server import HypercornServer

        return HypercornServer(app, tls, sockets)
    from emulator.web.servers.uvicorn_server import UvicornServer

    return UvicornServer(app, tls, sockets)
