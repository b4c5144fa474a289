"""Readers and speakers of one chat room in another process; readers only count bytes.

`python -m benchmarks.contest.chat_load` obeys one JSON command per line, and answers each with a
line. All lines of the room have the same number of bytes, so a reader's count says how many it has.
"""

import asyncio
import json
import statistics
import sys
import time
from collections import deque
from functools import partial
from itertools import cycle
from typing import Any, ClassVar, cast

import uvloop

_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
_JOINING = 100
_QUIET_SECONDS = 1.0
_TURN_SECONDS = 0.002
_PATIENCE_SECONDS = 45.0


class Board:
    """The number of lines that each reader has; a line is done when the last reader has it."""

    def __init__(self, readers: int) -> None:
        self.size = 0
        self._counts: list[int] = [readers]
        self._low = 0
        self._sent: list[float] = []
        self.latencies: list[float] = []
        self.progress = asyncio.Event()

    @property
    def done(self) -> int:
        return self._low

    @property
    def sent(self) -> int:
        return len(self._sent)

    def send(self, count: int) -> None:
        now = time.perf_counter()
        self._sent += [now] * count
        self._counts += [0] * count

    def move(self, before: int, after: int) -> None:
        self._counts[before] -= 1
        self._counts[after] += 1
        while self._low < len(self._sent) and not self._counts[self._low]:
            self.latencies.append(time.perf_counter() - self._sent[self._low])
            self._low += 1
            self.progress.set()

    async def until(self, count: int) -> None:
        """Wait until every reader has this many lines. Raises `TimeoutError` otherwise."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self._low < count:
                self.progress.clear()
                await self.progress.wait()


class Reader(asyncio.Protocol):
    """One socket. It counts bytes, and lines once there is a board."""

    board: ClassVar[Board | None] = None
    total: ClassVar[int] = 0
    lost: ClassVar[int] = 0

    def __init__(self, path: str, joined: "asyncio.Future[None]") -> None:
        self._path = path
        self.joined = joined
        self._count = 0
        self._lines = 0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not subclasses of asyncio's.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(_HANDSHAKE.format(path=self._path).encode())

    def data_received(self, data: bytes) -> None:
        if not self.joined.done():
            self.joined.set_result(None)
        Reader.total += len(data)
        board = Reader.board
        if board is not None:
            self._count += len(data)
            lines = self._count // board.size
            if lines != self._lines:
                board.move(self._lines, lines)
                self._lines = lines

    def connection_lost(self, _: Exception | None) -> None:
        Reader.lost += 1

    def start(self) -> None:
        self._count = self._lines = 0

    def say(self, content: str) -> None:
        """One masked text frame; a mask of zeros leaves the text unchanged (RFC 6455, 5.3)."""
        payload = json.dumps({"type": "message", "content": content}).encode()
        head = bytes((0x81, 0xFE)) + len(payload).to_bytes(2, "big") + b"\0\0\0\0"
        if len(payload) < 126:
            head = bytes((0x81, 0x80 | len(payload))) + b"\0\0\0\0"
        self.transport.write(head + payload)


class Room:
    """All sockets of a room. The first of them speak."""

    def __init__(self) -> None:
        self._readers: list[Reader] = []
        self._stalled: list[Reader] = []
        self._speakers: list[Reader] = []
        self._number = 0
        self._length = 0
        self._size = 0
        # The delay of this process itself, caused by its own work and by other processes.
        self._late: list[float] = []

    async def join(
        self, port: int, paths: list[str], speakers: int, settle_seconds: float
    ) -> dict[str, Any]:
        """Connect all sockets. For `settle_seconds` a room may send viewer counts."""
        began = time.perf_counter()
        for start in range(0, len(paths), _JOINING):
            self._readers += await _connect(port, paths[start : start + _JOINING])
        seconds = time.perf_counter() - began
        self._speakers = self._speakers or self._readers[:speakers]
        await asyncio.sleep(settle_seconds)
        await _quiet()
        return {"joins_per_second": len(paths) / seconds}

    async def stall(self, port: int, paths: list[str]) -> dict[str, Any]:
        """Connect readers that stop reading after their first events."""
        for start in range(0, len(paths), _JOINING):
            self._stalled += await _connect(port, paths[start : start + _JOINING])
        await _quiet()
        for reader in self._stalled:
            reader.transport.pause_reading()
        return {}

    async def size(self, length: int) -> dict[str, Any]:
        """The size on the wire of a line of this length. All later lines have it."""
        self._length = length
        before = Reader.total
        self._speakers[0].say(self._line())
        await _quiet()
        self._size, rest = divmod(Reader.total - before, len(self._readers))
        assert rest == 0, "readers got different bytes"
        return {"bytes": self._size}

    async def paced(self, rate: int, seconds: float) -> dict[str, Any]:
        board = self._begin()
        speakers = cycle(self._speakers)
        began = time.perf_counter()
        count = int(rate * seconds)
        self._late.clear()
        while board.sent < count:
            passed = time.perf_counter() - began
            for _ in range(min(count, int(passed * rate) + 1) - board.sent):
                board.send(1)
                next(speakers).say(self._line())
            due = time.perf_counter() + _TURN_SECONDS
            await asyncio.sleep(_TURN_SECONDS)
            self._late.append(time.perf_counter() - due)
        return await self._results(board, began, count)

    async def bursts(self, count: int, seconds: float) -> dict[str, Any]:
        """Send `count` lines at once, and again as soon as every reader has them."""
        board = self._begin()
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            board.send(count)
            for index in range(count):
                self._speakers[index % len(self._speakers)].say(self._line())
            await board.until(board.sent)
        return await self._results(board, began, board.sent)

    def _begin(self) -> Board:
        for reader in self._readers:
            reader.start()
        Reader.board = Board(len(self._readers))
        Reader.board.size = self._size
        return Reader.board

    async def _results(self, board: Board, began: float, count: int) -> dict[str, Any]:
        is_whole = True
        try:
            await board.until(count)
        except TimeoutError:
            is_whole = False
        seconds = time.perf_counter() - began
        Reader.board = None
        ordered = sorted(board.latencies)
        return {
            "seconds": seconds,
            "lines": board.done,
            "is_whole": is_whole,
            "lost": Reader.lost,
            "p50_ms": 1000 * statistics.median(ordered),
            "p99_ms": 1000 * ordered[int(len(ordered) * 0.99)],
            "late_p99_ms": 1000 * sorted(self._late)[int(len(self._late) * 0.99)]
            if self._late
            else 0.0,
        }

    def _line(self) -> str:
        self._number += 1
        return f"{self._number:08} ".ljust(self._length, "x")


async def _connect(port: int, paths: list[str]) -> list[Reader]:
    loop = asyncio.get_running_loop()
    readers = [Reader(path, loop.create_future()) for path in paths]
    async with asyncio.timeout(_PATIENCE_SECONDS):
        for reader in readers:
            await loop.create_connection(partial(_same, reader), "127.0.0.1", port)
        await asyncio.gather(*(reader.joined for reader in readers))
    return readers


def _same(reader: Reader) -> Reader:
    return reader


async def _quiet() -> None:
    """Wait until nothing has come for a while: the first events and counts are over."""
    seen: deque[int] = deque([-1, Reader.total], maxlen=2)
    while seen[0] != seen[1]:
        await asyncio.sleep(_QUIET_SECONDS)
        seen.append(Reader.total)


async def main() -> None:
    room = Room()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        print(json.dumps(await getattr(room, command.pop("do"))(**command)), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
