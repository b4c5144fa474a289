"""Record the bytes that an encoder sends over RTMP, for `fixtures/rtmp`. Run by hand; see its
README.

    python -m tests.real.record_rtmp_session OUT [--port 1935]

A real server answers, so that the recording has a whole session; every key is accepted.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator.media.ingest.authorizer import MediaSink, PublishRequest
from emulator.media.ingest.rtmp_server import RtmpServer
from emulator.media.ingest.tag import Tag


class _OpenGate:
    """Accepts every publisher and drops its media."""

    bytes_per_second_max = 0
    pause_ms = 0
    patience_ms = 0

    def authorize(self, publish_request: PublishRequest, _drop: Callable[[str], None]) -> MediaSink:
        sys.stderr.write(f"publisher encoder={publish_request.encoder}\n")
        return self

    def receive(self, tags: Sequence[Tag]) -> None:
        pass

    def close(self, reason: str) -> None:
        sys.stderr.write(f"{reason}\n")


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, copy: bytearray | None = None
) -> None:
    try:
        while received := await source.read(65_536):
            if copy is not None:
                copy += received
            sink.write(received)
            await sink.drain()
    finally:
        sink.close()


async def record(out: Path, port: int) -> None:
    """Take one connection, and write the client's bytes when it closes."""
    server = RtmpServer(_OpenGate())
    inner_port = await server.start("127.0.0.1", 0)
    recorded = bytearray()
    finished = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", inner_port)
        try:
            await asyncio.gather(
                _pump(reader, inner_writer, recorded),
                _pump(inner_reader, writer),
                return_exceptions=True,
            )
        finally:
            finished.set()

    async with await asyncio.start_server(accept, "127.0.0.1", port) as listener:
        sys.stderr.write(f"rtmp://127.0.0.1:{listener.sockets[0].getsockname()[1]}/live\n")
        await finished.wait()
    await server.stop("recorded")
    out.write_bytes(recorded)  # noqa: ASYNC240 - nothing else runs any more.
    sys.stderr.write(f"{len(recorded)} bytes\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--port", type=int, default=1935)
    chosen = parser.parse_args()
    asyncio.run(record(chosen.out, chosen.port))
