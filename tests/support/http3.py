"""A minimal HTTP/3 client (aioquic's connection) for tests."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from aioquic.asyncio.client import connect
from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, QuicEvent

PATIENCE_SECONDS = 30
# RFC 9114, 8.1: H3_REQUEST_CANCELLED.
_CANCELLED = 0x010C


class Answer(NamedTuple):
    """One HTTP/3 answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Http3(QuicConnectionProtocol):
    """One connection. `is_over` is true once the server has closed it."""

    authority = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_over = asyncio.Event()
        self._http = H3Connection(self._quic)
        self._heard: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._headers: dict[int, dict[str, str]] = {}
        self._begun: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)
        self._waiting: dict[int, asyncio.Future[None]] = {}

    async def ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        stream_id = self._begin(method, path, headers or {}, body)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._waiting[stream_id]
        answered = self._headers[stream_id]
        return Answer(int(answered[":status"]), answered, bytes(self._heard[stream_id]))

    async def ask_and_leave(self, path: str, headers: dict[str, str]) -> None:
        """Cancel a request as soon as its answer begins."""
        stream_id = self._begin("GET", path, headers, None)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._begun[stream_id].wait()
        self._quic.stop_stream(stream_id, _CANCELLED)
        self.transmit()

    def _begin(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> int:
        stream_id = self._quic.get_next_available_stream_id()
        payload = {
            ":method": method,
            ":scheme": "https",
            ":authority": self.authority,
            ":path": path,
        }
        sent = [(k.encode(), v.encode()) for k, v in {**payload, **headers}.items()]
        self._waiting[stream_id] = asyncio.get_running_loop().create_future()
        self._http.send_headers(stream_id, sent, end_stream=body is None)
        if body is not None:
            self._http.send_data(stream_id, body, end_stream=True)
        self.transmit()
        return stream_id

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ConnectionTerminated):
            self.is_over.set()
        for heard in self._http.handle_event(event):
            if not isinstance(heard, HeadersReceived | DataReceived):
                continue
            if isinstance(heard, HeadersReceived):
                pairs = {name.decode(): value.decode() for name, value in heard.headers}
                self._headers[heard.stream_id] = pairs
                self._begun[heard.stream_id].set()
            else:
                self._heard[heard.stream_id] += heard.data
            if heard.stream_ended:
                self._waiting[heard.stream_id].set_result(None)


@asynccontextmanager
async def http3(address: str, ca: str) -> AsyncIterator[Http3]:
    """A connection to the server at `address`; `ca` is the file of the trusted CA."""
    where = urlsplit(address)
    trust = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN)
    trust.load_verify_locations(ca)
    assert where.hostname is not None
    assert where.port is not None
    async with connect(
        where.hostname, where.port, configuration=trust, create_protocol=Http3
    ) as connection:
        assert isinstance(connection, Http3)
        connection.authority = where.netloc
        yield connection
