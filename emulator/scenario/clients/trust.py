"""Trust: the TLS contexts of a scenario's connections, made once for all of them."""

import ssl
from functools import cache
from urllib.parse import urlsplit

from emulator.media.publisher.link import tls_context


def tls_of(address: str, ca: str) -> ssl.SSLContext | None:
    """The TLS context for an address; None for one without TLS. `ca` is a file to trust."""
    parts = urlsplit(address)
    return _context(parts.hostname or "", ca) if parts.scheme in ("https", "wss") else None


_context = cache(tls_context)
