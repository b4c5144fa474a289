"""A shelf on a real folder, written by a real writer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from emulator.media.hls.store import ShelfSettings, Shelves
from emulator.media.hls.stream import Shelf
from tests.support.broadcast import FakeBroadcast

UID = "0123456789abcdef" * 2


@pytest.fixture
def uid() -> str:
    return UID


@pytest.fixture
async def shelves(tmp_path: Path) -> AsyncIterator[Shelves]:
    shelves = Shelves(tmp_path / "media", ShelfSettings(segment_ms=1000, part_ms=200))
    yield shelves
    await shelves.close()


@pytest.fixture
async def shelf(shelves: Shelves, uid: str) -> Shelf:
    return shelves.begin(uid)


@pytest.fixture
def broadcast() -> FakeBroadcast:
    return FakeBroadcast(parts_a_segment=5)
