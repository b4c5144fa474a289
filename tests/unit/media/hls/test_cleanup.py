"""A deleted stream's media leaves the disk, unless something shows it still."""

import asyncio

import pytest

from emulator.core.events import Event
from emulator.core.events.live import StreamDeleted
from emulator.media.hls.cleanup import Disposal
from emulator.media.hls.store import Shelves
from tests.support.broadcast import FakeBroadcast


def deleted(uid: str, *, is_media_kept: bool = False) -> StreamDeleted:
    return StreamDeleted(at_ms=0, stream_id="x", uid=uid, is_media_kept=is_media_kept)


async def dispose(shelves: Shelves, event: Event, *, shown: tuple[str, ...] = ()) -> None:
    async with asyncio.TaskGroup() as tasks:
        Disposal(shelves, tasks, lambda uid: uid in shown).hear(event)


def record(shelves: Shelves, uid: str) -> None:
    shelf = shelves.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(shelf, 12)
    shelf.finish()


async def test_files_go_also_when_they_were_still_being_written(shelves: Shelves, uid: str) -> None:
    record(shelves, uid)

    await dispose(shelves, deleted(uid))

    assert not shelves.has(uid)
    assert not shelves.folder(uid).exists()


async def test_media_that_a_vod_or_a_snapshot_shows_stays(shelves: Shelves, uid: str) -> None:
    record(shelves, uid)

    await dispose(shelves, deleted(uid, is_media_kept=True))
    await dispose(shelves, deleted(uid), shown=(uid,))

    assert shelves.find(uid).window.complete


async def test_a_stream_that_never_had_media_leaves_nothing_to_do(
    shelves: Shelves, uid: str
) -> None:
    await dispose(shelves, deleted(uid))

    assert not shelves.has(uid)


async def test_media_that_is_still_live_stays_and_the_log_says_so(
    shelves: Shelves, uid: str, caplog: pytest.LogCaptureFixture
) -> None:
    shelves.begin(uid)

    await dispose(shelves, deleted(uid))

    assert shelves.is_live(uid)
    assert "was not removed" in caplog.text
