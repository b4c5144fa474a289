"""A deleted stream's media is removed from the disk, unless a VOD still uses it."""

import asyncio

import pytest

from emulator.core.events import Event
from emulator.core.events.live import StreamDeleted
from emulator.media.hls.cleanup import MediaCleanup
from emulator.media.hls.store import MediaStore
from tests.support.broadcast import FakeBroadcast


def deleted(uid: str, *, is_media_kept: bool = False) -> StreamDeleted:
    return StreamDeleted(at_ms=0, stream_id="x", uid=uid, is_media_kept=is_media_kept)


async def dispose(media_store: MediaStore, event: Event, *, shown: tuple[str, ...] = ()) -> None:
    async with asyncio.TaskGroup() as tasks:
        cleanup = MediaCleanup(media_store, tasks, lambda uid: uid in shown)
        cleanup.handlers()[type(event)](event)


def record(media_store: MediaStore, uid: str) -> None:
    hls_stream = media_store.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(hls_stream, 12)
    hls_stream.finish()


async def test_media_cleanup_removes_files_that_were_still_being_written(
    media_store: MediaStore, uid: str
) -> None:
    record(media_store, uid)

    await dispose(media_store, deleted(uid))

    assert not media_store.has(uid)
    assert not media_store.folder(uid).exists()


async def test_media_cleanup_keeps_media_of_a_vod_or_a_snapshot(
    media_store: MediaStore, uid: str
) -> None:
    record(media_store, uid)

    await dispose(media_store, deleted(uid, is_media_kept=True))
    await dispose(media_store, deleted(uid), shown=(uid,))

    assert media_store.find(uid).window.complete


async def test_media_cleanup_of_a_stream_without_media_does_nothing(
    media_store: MediaStore, uid: str
) -> None:
    await dispose(media_store, deleted(uid))

    assert not media_store.has(uid)


async def test_media_cleanup_keeps_live_media_and_logs_it(
    media_store: MediaStore, uid: str, caplog: pytest.LogCaptureFixture
) -> None:
    media_store.begin(uid)

    await dispose(media_store, deleted(uid))

    assert media_store.is_live(uid)
    assert "was not removed" in caplog.text
