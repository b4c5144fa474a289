"""Hypercorn reads what uvicorn reads."""

import asyncio

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from emulator.web.servers.config import SocketConfig
from emulator.web.servers.hypercorn_server import HypercornServer
from emulator.web.servers.listening import listen

GUARD_SECONDS = 30


async def say_path(scope: Scope, receive: Receive, send: Send) -> None:
    text = f"{scope['path']} {scope['query_string'].decode()}"
    await PlainTextResponse(text)(scope, receive, send)


@pytest.mark.parametrize(
    ("target", "read"),
    [
        (b"/a%20b?c=d", b"/a b c=d"),
        (b"http://streams.test/a%20b?c=d", b"/a b c=d"),
        (b"HTTPS://streams.test:8443/", b"/ "),
        (b"http://streams.test", b"/ "),
        (b"*", b"* "),
    ],
)
async def test_hypercorn_server_target_may_be_a_whole_address(target: bytes, read: bytes) -> None:
    listening = listen("127.0.0.1", 0, with_quic=False)
    server = HypercornServer(say_path, None, SocketConfig())
    await server.start(listening)
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", listening.port)
            request = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            writer.write(request % target)
            response = await reader.read()
            writer.close()
    finally:
        await server.stop()
        listening.close()
    assert response.endswith(b"\r\n\r\n" + read)
