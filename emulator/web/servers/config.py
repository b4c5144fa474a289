"""The settings of all HTTP servers: certificate, timeouts, limits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Named, Size

if TYPE_CHECKING:
    import ssl

# The time that running requests may take when the emulator stops.
GRACE_SECONDS = 1
# The time that an idle connection stays open: apps that poll open one and use it for hours.
KEEP_ALIVE_SECONDS = 75
# An unfinished body must bring at least `BODY_BYTES_MIN` in each `BODY_SECONDS`; a phone's upload
# is much faster.
BODY_SECONDS = 30.0
BODY_BYTES_MIN = 16 * 1024
SELDOM_SECONDS = 60.0


class Tls(Struct, frozen=True):
    """A server's certificate. `context` belongs to one server, which may set its protocols (ALPN).

    `certificate` and `key` are the files of the context, possibly the same file.
    """

    context: "ssl.SSLContext"
    certificate: Path
    key: Path


class SocketConfig(Struct, frozen=True):
    """Limits of sockets. A WebSocket frame above `frame_bytes_max` closes the socket (1009).

    Half-open connections are found by pings every `ping_ms`.
    """

    frame_bytes_max: Annotated[
        int,
        Size(256, 2**20),
        "largest frame of a chat client; a larger one closes the socket",
        Named("chat_frame_bytes_max"),
    ] = 16 * 1024
    ping_ms: Annotated[
        int,
        Duration("ms", 100),
        "how often a chat socket is pinged; one that does not answer in that time is closed",
        Named("chat_ping_ms"),
    ] = 20_000
    connections_max: Annotated[
        int,
        Count(1, 1_000_000),
        "HTTP connections and WebSockets at once, at most four fifths of the file handles; "
        "further ones get 503",
        Named("http_connections_max"),
    ] = 30_000


class Seldom:
    """Limits a log line that may occur thousands of times a second to one a minute."""

    def __init__(self) -> None:
        self._logged_at = -SELDOM_SECONDS

    def is_due(self, now: float) -> bool:
        if now - self._logged_at < SELDOM_SECONDS:
            return False
        self._logged_at = now
        return True
