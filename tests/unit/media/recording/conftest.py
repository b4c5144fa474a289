"""Recordings in a real folder, of a real encoder's media, since tests decode them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.recording.recordings import Recordings
from tests.support.broadcast import RealBroadcast, put

UID = "0123456789abcdef" * 2
Record = Callable[..., Awaitable[HlsStream]]


@pytest.fixture
def uid() -> str:
    return UID


@pytest.fixture
async def media_store(tmp_path: Path) -> AsyncIterator[MediaStore]:
    media_store = MediaStore(tmp_path / "media", MediaStoreConfig(segment_ms=1000, part_ms=200))
    yield media_store
    await media_store.close()


@pytest.fixture
async def recordings(media_store: MediaStore) -> AsyncIterator[Recordings]:
    recordings = Recordings(media_store)
    yield recordings
    await recordings.close()


@pytest.fixture
def record(media_store: MediaStore, uid: str) -> Record:
    """Record FLV files, one connection each; `is_live` leaves the stream open."""

    async def record(*files: bytes, is_live: bool = False) -> HlsStream:
        hls_stream = media_store.begin(uid)
        broadcast = RealBroadcast()
        for file in files:
            put(hls_stream, broadcast.send(file))
        if is_live:
            return hls_stream
        hls_stream.finish()
        await hls_stream.saved()
        media_store.retire(uid)
        return media_store.find(uid)

    return record
