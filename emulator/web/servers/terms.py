"""Terms: what every HTTP server of ours keeps to: its certificate, its patience, its bounds."""

import ssl
from pathlib import Path

from emulator.core.values import dataclass

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
