"""A media store in a real folder, with a real writer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from tests.support.broadcast import FakeBroadcast

UID = "0123456789abcdef" * 2


@pytest.fixture
def uid() -> str:
    return UID


@pytest.fixture
async def media_store(tmp_path: Path) -> AsyncIterator[MediaStore]:
    media_store = MediaStore(tmp_path / "media", MediaStoreConfig(segment_ms=1000, part_ms=200))
    yield media_store
    await media_store.close()


@pytest.fixture
async def hls_stream(media_store: MediaStore, uid: str) -> HlsStream:
    return media_store.begin(uid)


@pytest.fixture
def broadcast() -> FakeBroadcast:
    return FakeBroadcast(parts_a_segment=5)
