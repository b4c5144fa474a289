"""What every HTTP server of ours keeps to: its certificate, its patience, its bounds."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Named, Size

if TYPE_CHECKING:
    import ssl

# Requests that are still being answered when the emulator stops are given so long.
GRACE_SECONDS = 1
# An idle connection is kept so long: apps that poll open one and use it for hours.
KEEP_ALIVE_SECONDS = 75
# A body that has not ended brings so much in each such time; a phone's upload is faster by far.
BODY_SECONDS = 30.0
BODY_BYTES_MIN = 16 * 1024
SELDOM_SECONDS = 60.0


class Tls(Struct, frozen=True):
    """A server's certificate. `context` is its own: a server may name its protocols in it (ALPN).

    `certificate` and `key` are the files that the context was made of (perhaps the same).
    """

    context: "ssl.SSLContext"
    certificate: Path
    key: Path


class SocketConfig(Struct, frozen=True):
    """A WebSocket client sends no more at once than `frame_bytes_max` (else 1009).

    Half-open connections are found by pings every `ping_ms`.
    """

    frame_bytes_max: Annotated[
        int,
        Size(256, 2**20),
        "a client's chat frame; a larger one closes",
        Named("chat_frame_bytes_max"),
    ] = 16 * 1024
    ping_ms: Annotated[
        int,
        Duration("ms", 100),
        "how often a chat socket is pinged; without an answer as long, it is gone",
        Named("chat_ping_ms"),
    ] = 20_000
    connections_max: Annotated[
        int,
        Count(1, 1_000_000),
        "HTTP connections and WebSockets at once, and four fifths of the file handles at most; "
        "the next one gets 503",
        Named("http_connections_max"),
    ] = 30_000


class Seldom:
    """Whether to log what may happen thousands of times a second: once a minute."""

    def __init__(self) -> None:
        self._logged_at = -SELDOM_SECONDS

    def is_due(self, now: float) -> bool:
        if now - self._logged_at < SELDOM_SECONDS:
            return False
        self._logged_at = now
        return True
