"""Connections that are not publishers: each is closed with one log line, and leaves nothing."""

import asyncio
import gc
import logging
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvloop

from emulator.media.ingest.config import RtmpConfig
from emulator.media.ingest.rtmp_server import RtmpServer
from emulator.media.ingest.wire import amf0, rtmp_chunks
from emulator.media.ingest.wire.rtmp_chunks import RtmpMessage
from emulator.media.ingest.wire.rtmp_handshake import BLOCK
from emulator.media.ingest.wire.rtmp_session import COMMAND
from tests.support.rtmp_listener import GUARD_SECONDS, open_files
from tests.support.rtmp_wire import HANDSHAKE, RecordingAuthorizer, command, connect, publish, video
from tests.support.slow import slow
from tests.support.tls import self_signed, server_context

# Short time limits and a small message bound, so that tests reach them quickly.
LIMITS = RtmpConfig(
    handshake_ms=100,
    publish_ms=100,
    first_media_ms=100,
    idle_ms=100,
    linger_ms=100,
    message_bytes_max=100_000,
    unsent_bytes_max=4096,
)
_DRIP_SECONDS = 0.01
_LEFT_BYTES_MAX = 64 * 1024

CONNECTED = HANDSHAKE + connect()
ADMITTED = CONNECTED + publish("good")
PUBLISHING = ADMITTED + video(0)
# The server answers each with a long list. A tag comes with it, so that silence is not the reason
# of the close.
MANY_QUESTIONS = video(1) + command("whatIsThis", 9, None) * 500
# A type 0 chunk header on stream 6: time 0, 16,777,215 bytes, video, message stream 1.
GIANT = b"\x06" + bytes(3) + b"\xff\xff\xff" + b"\x09" + b"\x01\x00\x00\x00"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"


def raw_command(payload: bytes) -> bytes:
    return rtmp_chunks.write(3, RtmpMessage(COMMAND, 0, 0, payload))


@dataclass(frozen=True)
class Stranger:
    """A client that sends `sent` at once, then `drips` slowly; a deaf one never reads."""

    sent: bytes
    reason: str
    drips: bytes = b""
    is_deaf: bool = False
    is_on_tls_port: bool = False


STRANGERS = {
    "silence": Stranger(b"", "no RTMP handshake for 0.1 s"),
    "garbage": Stranger(b"\xff" * 5000, "not RTMP: the first byte is 0xff"),
    "http where there is tls": Stranger(
        b"GET / HTTP/1.1\r\n\r\n", "this looks like HTTP", is_on_tls_port=True
    ),
    "mpeg-ts": Stranger(b"\x47\x40\x11\x10" * 47, "this is MPEG-TS"),
    "no flv": Stranger(
        ADMITTED + rtmp_chunks.write(4, RtmpMessage(0x47, 1, 0, bytes(180))), "This is not FLV"
    ),
    "http": Stranger(b"GET / HTTP/1.1\r\n\r\n", "this looks like HTTP"),
    "tls where there is none": Stranger(CLIENT_HELLO, "this is TLS on the plain RTMP port"),
    "no tls where there is some": Stranger(
        CONNECTED, "The RTMPS port takes TLS only", is_on_tls_port=True
    ),
    "half a tls handshake": Stranger(
        CLIENT_HELLO, "no RTMP handshake for 0.1 s", is_on_tls_port=True
    ),
    "half a handshake": Stranger(HANDSHAKE[:BLOCK], "no RTMP handshake for 0.1 s"),
    "a slow handshake": Stranger(b"", "no RTMP handshake for 0.1 s", drips=HANDSHAKE),
    "a handshake alone": Stranger(HANDSHAKE, "no publish for 0.1 s"),
    "a slow command": Stranger(HANDSHAKE, "no publish for 0.1 s", drips=connect()),
    "a connect alone": Stranger(CONNECTED, "no publish for 0.1 s"),
    "a publish alone": Stranger(ADMITTED, "nothing was sent after publish for 0.1 s"),
    "a slow first tag": Stranger(
        ADMITTED, "nothing was sent after publish for 0.1 s", drips=video(0, bytes(2000))
    ),
    "a slow second tag": Stranger(
        PUBLISHING, "nothing was sent for 0.1 s", drips=video(1, bytes(2000))
    ),
    "a giant message": Stranger(
        PUBLISHING + GIANT, "a message of 16777215 bytes: the limit is 100000"
    ),
    "a giant command": Stranger(HANDSHAKE + raw_command(bytes(70_000)), "a command of 70000 bytes"),
    "no amf": Stranger(HANDSHAKE + raw_command(b"\xff"), "AMF0 has no type"),
    "amf that ends too soon": Stranger(
        HANDSHAKE + raw_command(amf0.encode("connect", 1, {"app": "live"})[:-9]),
        "an AMF value ends too early",
    ),
    "a command too early": Stranger(HANDSHAKE + publish(), "a command came before connect"),
    "garbage after a publish": Stranger(PUBLISHING + b"\xff" * 1000, "begins with a type 3"),
    "one that reads no answer": Stranger(
        PUBLISHING, "the peer does not read its answers", is_deaf=True
    ),
}
each_stranger = pytest.mark.parametrize("stranger", STRANGERS.values(), ids=list(STRANGERS))


@dataclass(frozen=True)
class Ports:
    """A server that listens with and without TLS."""

    server: RtmpServer
    plain: int
    tls: int

    async def are_left(self) -> None:
        """Wait until nobody is connected: the clients have closed, and the server has to notice."""
        while self.server.connection_count:  # noqa: ASYNC110  # the server has no event for this
            await asyncio.sleep(0)

    async def meet(self, stranger: Stranger) -> None:
        """Run that client until the server closes the connection."""
        plug = socket.socket()
        plug.setblocking(False)
        # With a small buffer, the server notices sooner that the client does not read.
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        port = self.tls if stranger.is_on_tls_port else self.plain
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=plug, limit=1)
        try:
            if stranger.is_deaf:
                writer.transport.pause_reading()  # type: ignore[attr-defined]  # a real one reads
            writer.write(stranger.sent)
            for octet in stranger.drips:
                if await _is_closed_within(reader, _DRIP_SECONDS):
                    return
                writer.write(bytes((octet,)))
            if stranger.is_deaf:
                await _until_broken(writer)
            else:
                await _until_closed(reader)
        except ConnectionError:
            pass  # The server has cut it off.
        finally:
            writer.transport.abort()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def _is_closed_within(reader: asyncio.StreamReader, seconds: float) -> bool:
    try:
        await asyncio.wait_for(_until_closed(reader), seconds)
    except TimeoutError:
        return False
    return True


async def _until_broken(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(MANY_QUESTIONS)
        await writer.drain()


@asynccontextmanager
async def open_ports(folder: Path, authorizer: RecordingAuthorizer) -> AsyncIterator[Ports]:
    server = RtmpServer(authorizer, LIMITS)
    context = server_context(self_signed(folder))
    ports = Ports(
        server,
        await server.start("127.0.0.1", 0),
        await server.start_tls("127.0.0.1", 0, lambda: context),
    )
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            yield ports
    finally:
        await server.stop("the test is over")


@each_stranger
async def test_rtmp_strangers_are_closed_with_one_log_line_and_the_reason(
    stranger: Stranger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authorizer = RecordingAuthorizer()
    async with open_ports(tmp_path, authorizer) as ports:
        await ports.meet(stranger)

    [line] = warnings_in(caplog)
    assert line.startswith("connection closed peer=127.0.0.1:")
    assert stranger.reason in line.partition(" reason=")[2]
    # An accepted publisher is dropped, for that reason.
    for sink in authorizer.sinks.values():
        [reason] = sink.closed_for
        assert stranger.reason in reason


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (CONNECTED + publish("secret"), "No stream has this key."),
        (CONNECTED + publish(""), "The stream key is missing: put it in the encoder."),
    ],
)
async def test_rtmp_strangers_refused_publisher_has_one_log_line_without_its_key(
    asked: bytes, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_ports(tmp_path, RecordingAuthorizer()) as ports:
        await ports.meet(Stranger(asked, reason))

    [line] = warnings_in(caplog)
    assert line.startswith("publisher refused peer=127.0.0.1:")
    assert line.endswith(f" protocol=rtmp encoder='test' reason={reason}")
    assert "secret" not in line


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING]


async def crowds_of_strangers(folder: Path) -> None:
    # A flood takes seconds where every allocation is traced.
    quick = [stranger for stranger in STRANGERS.values() if not stranger.is_deaf]
    async with open_ports(folder, RecordingAuthorizer()) as ports:

        async def crowd() -> None:
            await asyncio.gather(*(ports.meet(stranger) for stranger in quick))
            await ports.are_left()
            gc.collect()

        # The first clients make TLS and caches allocate memory, which is no leak.
        for _ in range(2):
            await crowd()
        files, tasks, octets = open_files(), len(asyncio.all_tasks()), _traced_bytes()

        for _ in range(3):
            await crowd()

        assert open_files() == files
        assert len(asyncio.all_tasks()) == tasks
        assert _traced_bytes() - octets < _LEFT_BYTES_MAX
        assert ports.server.publisher_count == 0


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize(
    "new_loop",
    [
        pytest.param(
            asyncio.new_event_loop,
            marks=slow("uvloop, which the platform serves on, keeps more to itself"),
            id="asyncio",
        ),
        pytest.param(uvloop.new_event_loop, id="uvloop"),
    ],
)
def test_rtmp_strangers_in_crowds_leave_no_file_no_task_and_no_memory(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)  # Otherwise the captured log lines would count as memory.
    tracemalloc.start()
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(crowds_of_strangers(tmp_path))
    finally:
        tracemalloc.stop()
