"""Recordings on a real folder: of a real encoder's bytes, since they are decoded."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from emulator.media.hls.store import ShelfSettings, Shelves
from emulator.media.hls.stream import Shelf
from emulator.media.recording.recordings import Recordings
from tests.support.broadcast import RealBroadcast, put

UID = "0123456789abcdef" * 2
Record = Callable[..., Awaitable[Shelf]]


@pytest.fixture
def uid() -> str:
    return UID


@pytest.fixture
async def shelves(tmp_path: Path) -> AsyncIterator[Shelves]:
    shelves = Shelves(tmp_path / "media", ShelfSettings(segment_ms=1000, part_ms=200))
    yield shelves
    await shelves.close()


@pytest.fixture
async def recordings(shelves: Shelves) -> AsyncIterator[Recordings]:
    recordings = Recordings(shelves)
    yield recordings
    await recordings.close()


@pytest.fixture
def record(shelves: Shelves, uid: str) -> Record:
    """Send FLV files, one connection each; `is_live` leaves the stream open."""

    async def record(*files: bytes, is_live: bool = False) -> Shelf:
        shelf = shelves.begin(uid)
        broadcast = RealBroadcast()
        for file in files:
            put(shelf, broadcast.send(file))
        if is_live:
            return shelf
        shelf.finish()
        await shelf.saved()
        shelves.retire(uid)
        return shelves.find(uid)

    return record
