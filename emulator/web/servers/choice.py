"""Choice: which HTTP server runs the application, and with which certificate."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from emulator.web.servers.config import SocketConfig, Tls
from emulator.web.servers.listening import Listening

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class WebServer(Protocol):
    """A server. It leaves signals to the caller, and logs nothing from a request."""

    async def start(self, listening: Listening) -> None:
        """Serve these sockets. Returns once connections are answered."""
        ...

    async def stop(self) -> None:
        """Accept no more connections; running requests have `GRACE_SECONDS` to end."""
        ...


MakeWebServer = Callable[["ASGIApp", Tls | None, SocketConfig], WebServer]


def speaks_quic(name: str, tls: Tls | None) -> bool:
    """Whether this server also serves HTTP/3, which always uses TLS (RFC 9114, 3.1)."""
    return name == "hypercorn" and tls is not None


def web_server(name: str) -> MakeWebServer:
    """Return the class of the server of this name; its module is imported here."""
    if name == "hypercorn":
        from emulator.web.servers.hypercorn_server import HypercornServer

        return HypercornServer
    from emulator.web.servers.uvicorn_server import UvicornServer

    return UvicornServer
