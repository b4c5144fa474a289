"""An HTTPS port meets plain HTTP, on both event loops."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from emulator.web.servers.https_context import HttpsContext
from tests.support.tls import client_context, self_signed

GUARD_SECONDS = 30
REQUESTS = (
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PATCH /api/v1/users/me HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
)


async def ask(port: int, sent: bytes, tls: ssl.SSLContext | None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(sent)
    response = await reader.readuntil(b".\n")
    writer.close()
    return response


async def meet_both(pem: Path) -> list[bytes]:
    """Return the responses to plain HTTP, and then the one over TLS."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"over TLS.\n")
        writer.close()

    context = HttpsContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with (
        asyncio.timeout(GUARD_SECONDS),
        await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        plain = [await ask(port, sent, None) for sent in REQUESTS]
        return [*plain, await ask(port, b"hello", client_context(pem))]


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_https_context_plain_http_is_answered_with_what_to_do(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        *plain, over_tls = runner.run(meet_both(self_signed(tmp_path)))

    for response in plain:
        assert response.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"This port takes HTTPS: use https://" in response
    assert over_tls == b"over TLS.\n"
    assert caplog.text.count("This port takes HTTPS") == len(plain)
