"""HlsViewer: one player that requests a stream's playlist repeatedly."""

import asyncio
from urllib.parse import urlsplit

from emulator.scenario.clients.trust import tls_of
from emulator.scenario.clients.viewer import ViewerIdentity

# The interval of a player with two-second segments.
_POLL_SECONDS = 2.0


class HlsViewer:
    """One player over one connection, which it reopens when lost. `ca` is trusted for TLS."""

    def __init__(self, address: str, identity: ViewerIdentity, ca: str) -> None:
        self._address = urlsplit(address)
        self._who = identity
        self._ca = ca
        self._watching: asyncio.Task[None] | None = None

    async def come(self) -> None:
        self._watching = asyncio.create_task(self._watch())

    async def go(self) -> None:
        """Leave without a request; the platform notices it after some time."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            try:
                await self._poll()
            except (OSError, asyncio.IncompleteReadError, ValueError):
                await asyncio.sleep(_POLL_SECONDS)

    async def _poll(self) -> None:
        parts = self._address
        tls = tls_of(parts.geturl(), self._ca)
        port = parts.port or (443 if tls else 80)
        reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
        request = _request(parts.netloc, parts.path, self._who)
        try:
            while True:
                writer.write(request)
                await _read_answer(reader)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            writer.close()


def _request(host: str, path: str, identity: ViewerIdentity) -> bytes:
    headers = {"Host": host, "User-Agent": identity.agent, "Accept": "*/*", **identity.headers}
    if identity.token:
        headers["Authorization"] = f"Bearer {identity.token}"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


async def _read_answer(reader: asyncio.StreamReader) -> None:
    """Read one answer and ignore its content (RFC 9112, 6.3: by its length)."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name == "content-length":
            await reader.readexactly(int(value))
            return
    raise ValueError("an answer without a length")
