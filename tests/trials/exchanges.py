"""`make exchanges`: measure the memory that remains after clients have sent broken data.

Each kind of socket gets some thousand exchanges with one emulator, each on a new connection: noise,
or valid client data with some bytes changed. The memory of the process is read before, half way and
at the end. The first half fills caches, lists of freed objects and the allocator's arenas; the
trial judges the growth per exchange in the second half.
"""

import argparse
import asyncio
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.support.live_server import Child, Walk, child
from tests.support.rtmp_wire import HANDSHAKE, connect, publish, video
from tests.trials.trial import Trial, run

_ENV = {
    # By default it keeps the last 10,000 requests, and its memory grows until it has so many.
    "LIVE_EMULATOR_REQUESTS_KEPT_MAX": "100",
    "LIVE_EMULATOR_STREAM_CREATIONS_PER_MINUTE": "0",
}
_AT_ONCE = 4
_ANSWER_SECONDS = 10
# One megabyte in about four thousand exchanges.
_BYTES_MAX = 256

Exchange = Callable[[Walk, Random], Awaitable[None]]


class Result(NamedTuple):
    """The growth of the process's memory, in bytes per exchange."""

    exchanges: int
    first_half: int
    second_half: int


RESULTS: dict[str, Result] = {}


async def rtmp(walk: Walk, chance: Random) -> None:
    """A publisher's first bytes: noise, or a session with some changed after the handshake."""
    whole = HANDSHAKE + connect() + publish() + video(0) + video(33)
    kinds = [chance.randbytes(2_000), _changed(whole, chance, len(HANDSHAKE))]
    await _send(walk.ready["rtmp"], chance.choice(kinds))


async def rtmps(walk: Walk, chance: Random) -> None:
    """Noise instead of TLS, or broken RTMP inside TLS."""
    whole = HANDSHAKE + connect() + publish() + video(0)
    if chance.random() < 0.9:
        await _send(walk.ready["rtmps"], chance.randbytes(300))
    else:
        await _send(walk.ready["rtmps"], _changed(whole, chance, len(HANDSHAKE)), tls=_trusting())


async def http(walk: Walk, chance: Random) -> None:
    """An HTTP request; half of them are broken in the head, path or body."""
    path = chance.choice(("streams/", f"streams/id/{chance.random()}", "users/me", "videos/"))
    body = chance.choice((b'{"title": 1}', b'{"titel": "x"}', chance.randbytes(500)))
    head = f"{chance.choice(('GET', 'POST', 'PUT'))} /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\n"
    head += "Authorization: Bearer ak_demo\r\nContent-Type: application/json\r\n"
    head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    content = head.encode() + body
    await _send(
        walk.ready["http"], content if chance.random() < 0.5 else _changed(content, chance, 0)
    )


async def chat(walk: Walk, chance: Random) -> None:
    """A WebSocket handshake of a chat, then noise instead of frames."""
    head = "GET /api/v1/streams/none/chat/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
    head += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    head += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    await _send(walk.ready["http"], head.encode() + chance.randbytes(200))


KINDS: dict[str, Exchange] = {"rtmp": rtmp, "rtmps": rtmps, "http": http, "chat": chat}


def _changed(content: bytes, chance: Random, begin: int) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        changed[chance.randrange(begin, len(changed))] = chance.randrange(256)
    return bytes(changed)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _send(address: str, content: bytes, tls: ssl.SSLContext | None = None) -> None:
    """Send on a new connection, and read until the server closes it or a time limit."""
    parts = urlsplit(address)
    with suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=tls)
        try:
            writer.write(content)
            if tls is None:
                writer.write_eof()
            async with asyncio.timeout(_ANSWER_SECONDS if tls is None else 0.2):
                await reader.read(-1)
        finally:
            writer.transport.abort()


def held_bytes(serving: Child) -> int:
    status = Path(f"/proc/{serving.process.pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024


async def _exchange(trial: Trial, walk: Walk, kind: str, numbers: range) -> None:
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await KINDS[kind](walk, trial.chance(kind, number))
            trial.progress(f"{kind}: {number} exchanges")

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


def body(trial: Trial, arguments: argparse.Namespace) -> None:
    count = arguments.exchanges
    with child(trial.folder / "data", env=_ENV) as serving:
        walk = serving.walk()
        for kind in KINDS:
            asyncio.run(_exchange(trial, walk, kind, range(-500, 0)))
        for kind in KINDS:
            began = held_bytes(serving)
            asyncio.run(_exchange(trial, walk, kind, range(count // 2)))
            half = held_bytes(serving)
            asyncio.run(_exchange(trial, walk, kind, range(count // 2, count)))
            end = held_bytes(serving)
            RESULTS[kind] = Result(count, (half - began) * 2 // count, (end - half) * 2 // count)
            if RESULTS[kind].second_half > _BYTES_MAX:
                trial.fault(f"{kind}: {RESULTS[kind].second_half} bytes stay of each exchange")


def report() -> Sequence[Sequence[object]]:
    rows: list[Sequence[object]] = [
        ("exchanges", "how many", "bytes of each, first half", "second half", "at most")
    ]
    rows += [(kind, *result, _BYTES_MAX) for kind, result in RESULTS.items()]
    return rows


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--exchanges", type=int, default=4000, help="per socket (default: 4000)")


if __name__ == "__main__":
    sys.exit(run("exchanges", body, report, options))
