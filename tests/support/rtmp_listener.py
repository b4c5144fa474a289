"""An RTMP server without the rest of the emulator, and the file descriptors that it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from emulator.media.ingest.config import RtmpConfig
from emulator.media.ingest.rtmp_server import RtmpServer
from tests.support.rtmp_wire import RecordingAuthorizer

GUARD_SECONDS = 60
"""Nothing here takes that long: it only keeps a broken test from hanging."""


@asynccontextmanager
async def listening(
    authorizer: RecordingAuthorizer, limits: RtmpConfig | None = None
) -> AsyncIterator[tuple[RtmpServer, str]]:
    """Run a server on a free port. Gives its address; at the end nothing of it may be left."""
    server = RtmpServer(authorizer, limits)
    port = await server.start("127.0.0.1", 0)
    try:
        async with asyncio.timeout(GUARD_SECONDS):
            yield server, f"rtmp://127.0.0.1:{port}"
    finally:
        await server.stop("the test is over")
    assert (server.connection_count, server.publisher_count) == (0, 0)
    assert all(len(sink.closed_for) == 1 for sink in authorizer.sinks.values())


def open_files() -> int:
    """The open file descriptors of this process, where the system shows them."""
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0
