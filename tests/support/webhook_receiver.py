"""A webhook receiver for tests: a real HTTP server whose answers the test chooses."""

import asyncio
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

PATIENCE_SECONDS = 60
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature as a receiver does: the header's time, a dot, and the raw body."""
        match = re.fullmatch(r"time=(\d+),sig1=([0-9a-f]{64})", self.headers["webhook-signature"])
        assert match is not None
        signed = match[1].encode() + b"." + self.body
        mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(mac, match[2])


class Receiver:
    """A receiver. `answers` are used in turn, then `OK` for ever; None holds the request open."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[bytes | None] = []
        self.received: list[Received] = []
        self._news = asyncio.Event()
        self._held: list[asyncio.StreamWriter] = []

    async def next(self, number: int) -> Received:
        """The request with this number, beginning with 1."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.received) < number:
                self._news.clear()
                await self._news.wait()
        return self.received[number - 1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            writer.close()
            return
        request, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in map(_parted, lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(request.split()[1], headers, body))
        self._news.set()
        answer = self.answers.pop(0) if self.answers else OK
        if answer is None:
            self._held.append(writer)
            return
        writer.write(answer)
        writer.close()

    def let_go(self) -> None:
        for writer in self._held:
            writer.close()


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook?from=test"
    async with server:
        yield receiver
        receiver.let_go()
