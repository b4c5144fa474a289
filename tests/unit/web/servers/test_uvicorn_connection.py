"""Clients that never finish, and clients that are only slow, on real sockets."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from emulator.web.servers.uvicorn_connection import JoinedResponse, UvicornConnection

GUARD_SECONDS = 30
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"


class Hasty(UvicornConnection):
    """A connection with short limits, for tests."""

    head_seconds = 0.1
    head_bytes_max = 1000
    body_seconds = 0.1

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.is_lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.is_lost.set()


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/nothing":
        await Response(status_code=204)(scope, receive, send)
        return
    with suppress(ClientDisconnect):
        body = await Request(scope, receive).body()
        await PlainTextResponse(b"heard " + body)(scope, receive, send)


@asynccontextmanager
async def client(
    keep_alive: float = 60,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to `echo`. It is closed at the end without waiting."""
    config = uvicorn.Config(echo, log_config=None, lifespan="off")
    config.timeout_keep_alive = keep_alive  # type: ignore[assignment]  # as short as a test's
    config.load()
    loop = asyncio.get_running_loop()
    hasties: list[Hasty] = []

    def connection() -> Hasty:
        hasties.append(Hasty(config, ServerState(), {}))
        return hasties[-1]

    listener = await loop.create_server(connection, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            yield reader, writer
    finally:
        writer.close()
        listener.close()
        await listener.wait_closed()
    [hasty] = hasties
    async with asyncio.timeout(GUARD_SECONDS):
        await hasty.is_lost.wait()
    assert (hasty._patience, hasty.timeout_keep_alive_task) == (None, None)


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Everything that comes until the server closes."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    return await reader.readexactly(length)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"G", "no whole request for 0.1 s"),
        (GET[:-2], "no whole request for 0.1 s"),
        (GET + GET[:-1], "no whole request for 0.1 s"),
        (POST + b"half", "nothing of a request's body for 0.1 s"),
    ],
    ids=["a letter", "no end", "no end of a second one", "half a body"],
)
async def test_uvicorn_connection_endless_request_is_cut_off_with_one_log_line(
    sent: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with client() as (reader, writer):
        writer.write(sent)
        await all_of(reader)

    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("connection closed peer=127.0.0.1:")
    assert line.endswith(f"reason={reason}")


async def test_uvicorn_connection_slow_head_times_out(caplog: pytest.LogCaptureFixture) -> None:
    async with client() as (reader, writer):
        closed = asyncio.create_task(all_of(reader))
        writer.write(GET[:-2] + b"x: ")
        while not closed.done():
            writer.write(b"a")
            await asyncio.wait({closed}, timeout=0.01)

    assert "no whole request for 0.1 s" in caplog.text


async def test_uvicorn_connection_request_in_pieces_gets_a_response() -> None:
    async with client() as (reader, writer):
        for piece in (POST[:9], POST[9:40], POST[40:] + b"0123", b"456789" + GET[:5], GET[5:]):
            writer.write(piece)
            await writer.drain()
        assert await answer(reader) == b"heard 0123456789"
        assert await answer(reader) == b"heard "


# What Java's HttpClient sends unless it is set to HTTP/1.1, what Apache's sends, and nonsense.
OFFERS = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    b"Upgrade: TLS/1.2\r\nConnection: Upgrade\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
)


@pytest.mark.parametrize("offer", OFFERS, ids=["h2c", "tls", "websocket by POST"])
@pytest.mark.parametrize("cut", [30, -len(b"hello" + POST), -len(b"llo" + POST), -1])
async def test_uvicorn_connection_offer_of_another_protocol_is_ignored(
    offer: bytes, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    offering = b"POST / HTTP/1.1\r\nHost: x\r\n" + offer + b"Content-Length: 5\r\n\r\nhello" + POST
    async with client() as (reader, writer):
        writer.write(offering[:cut])
        await writer.drain()
        writer.write(offering[cut:] + b"0123456789")
        assert await answer(reader) == b"heard hello"
        assert await answer(reader) == b"heard 0123456789"
    assert not caplog.records


@pytest.mark.parametrize(
    ("sent", "status", "reason"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00", b"400", "This is TLS, and the port takes plain HTTP"),
        (b"\x03" + bytes(1536), b"400", "This is RTMP, and the port takes HTTP"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"400", "This is HTTP/2, which needs --http"),
        (b"patch / HTTP/1.1\r\n\r\n", b"400", "methods are in capitals, PATCH."),
        (b"BREW / HTTP/1.1\r\n\r\n", b"400", "This is no HTTP/1.1 request: Invalid method"),
        (b"CONNECT x:443 HTTP/1.1\r\n\r\n", b"400", "This is no HTTP/1.1 request"),
        (GET[:-2] + b"x: y\r\n" * 300_000, b"431", "a request's head of more than 1000 bytes"),
    ],
    ids=["tls", "rtmp", "http/2", "small letters", "no method", "a proxy", "no end of headers"],
)
async def test_uvicorn_connection_refuses_what_is_no_request_with_the_reason(
    sent: bytes, status: bytes, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with client() as (reader, writer):
        writer.write(sent)
        response = await all_of(reader)

    assert response.startswith(b"HTTP/1.1 " + status)
    assert reason in response.decode()
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("connection closed peer=127.0.0.1:")
    assert reason in line


@pytest.mark.parametrize("sent", [b"", b"\r\n", GET])
async def test_uvicorn_connection_idle_connection_is_closed_silently(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    # It stays open longer than a head or a body may take, since neither has begun.
    async with client(keep_alive=0.3) as (reader, writer):
        writer.write(sent)
        payload: Any = await all_of(reader)

    assert payload.endswith(b"heard " if sent == GET else b"")
    assert not caplog.records


async def test_uvicorn_connection_slow_body_times_out(caplog: pytest.LogCaptureFixture) -> None:
    async with client() as (reader, writer):
        closed = asyncio.create_task(all_of(reader))
        writer.write(POST.replace(b"10", b"100000"))
        while not closed.done():
            writer.write(b"a")
            await asyncio.wait({closed}, timeout=0.01)

    assert "bytes of a request's body in 0.1 s" in caplog.text


async def test_uvicorn_connection_steady_body_is_waited_for() -> None:
    # Given a body that takes several times as long as a pause may take,
    length, piece = 400 * 1024, b"x" * 4096
    async with client() as (reader, writer):
        writer.write(POST.replace(b"10", str(length).encode()))
        # when a piece of it comes every few milliseconds, then it is answered.
        for _ in range(length // len(piece)):
            writer.write(piece)
            await writer.drain()
            await asyncio.wait({asyncio.create_task(writer.drain())}, timeout=0.005)
        assert len(await answer(reader)) == length + len(b"heard ")


async def test_uvicorn_connection_closes_behind_an_answer_without_a_body() -> None:
    async with client() as (reader, writer):
        writer.write(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (await all_of(reader)).startswith(b"HTTP/1.1 204 ")


class Written(asyncio.Transport):
    """A transport that records the written bytes and the number of writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.has_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        parts = list(list_of_data)
        # On 3.12 and 3.13 asyncio keeps an empty piece for ever, and the socket with it.
        assert all(parts)
        self.write(b"".join(parts))

    def is_closing(self) -> bool:
        return self.has_closed

    def close(self) -> None:
        self.has_closed = True


async def test_joined_response_is_written_at_once() -> None:
    written = Written()
    response = JoinedResponse(written, asyncio.get_running_loop())
    response.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert written.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    response.write(b"head ")
    response.write(b"body")
    response.write(b"more")
    await asyncio.sleep(0)
    assert written.writes[1:] == [b"head body", b"more"]


async def test_joined_response_never_joins_nothing() -> None:
    written = Written()
    response = JoinedResponse(written, asyncio.get_running_loop())
    response.write(b"head")
    response.write(b"")
    assert written.writes == [b"head"]


async def test_joined_response_waits_a_turn_for_its_body_at_most() -> None:
    written = Written()
    response = JoinedResponse(written, asyncio.get_running_loop())
    response.write(b"head")
    assert not written.writes
    await asyncio.sleep(0)
    assert written.writes == [b"head"]
    response.write(b"body")
    assert written.writes == [b"head", b"body"]


async def test_joined_response_is_out_before_its_end() -> None:
    written = Written()
    response = JoinedResponse(written, asyncio.get_running_loop())
    response.write(b"head")
    response.close()
    assert (written.writes, response.is_closing()) == ([b"head"], True)
