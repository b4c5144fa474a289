"""Trust: what a connection of a scenario verifies a server with, made once for all of them."""

import ssl
from functools import cache
from urllib.parse import urlsplit

from emulator.media.publisher.link import tls_context


def tls_of(address: str, ca: str) -> ssl.SSLContext | None:
    """None where the address says nothing of TLS. `ca` is a file to trust."""
    parts = urlsplit(address)
    return _context(parts.hostname or "", ca) if parts.scheme in ("https", "wss") else None


_context = cache(tls_context)
