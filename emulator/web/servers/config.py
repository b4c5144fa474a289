"""Terms: what every HTTP server of ours keeps to: its certificate, its patience, its bounds."""

import ssl
from pathlib import Path

from msgspec import Struct

# Requests that are still being answered when the emulator stops are given so long.
GRACE_SECONDS = 1
# An idle connection is kept so long: apps that poll open one and use it for hours.
KEEP_ALIVE_SECONDS = 75
# A body that has not ended brings so much in each such time; a phone's upload is faster by far.
BODY_SECONDS = 30.0
BODY_BYTES_MIN = 16 * 1024
SELDOM_SECONDS = 60.0
CONNECTIONS_MAX = 30_000


class Tls(Struct, frozen=True):
    """A server's certificate. `context` is its own: a server may name its protocols in it (ALPN).

    `certificate` and `key` are the files that the context was made of (perhaps the same).
    """

    context: ssl.SSLContext
    certificate: Path
    key: Path


class SocketConfig(Struct, frozen=True):
    """A WebSocket client sends no more at once than `frame_bytes_max` (else 1009).

    Half-open connections are found by pings every `ping_ms`. Of all connections, of requests and of
    WebSockets, `connections_max` are open at once; the next one gets 503 and is closed.
    """

    frame_bytes_max: int = 16 * 1024
    ping_ms: int = 20_000
    connections_max: int = CONNECTIONS_MAX


class Seldom:
    """Whether to log what may happen thousands of times a second: once a minute."""

    def __init__(self) -> None:
        self._logged_at = -SELDOM_SECONDS

    def is_due(self, now: float) -> bool:
        if now - self._logged_at < SELDOM_SECONDS:
            return False
        self._logged_at = now
        return True
