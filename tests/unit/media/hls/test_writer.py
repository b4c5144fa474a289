"""Writer: bytes before their line, a disk that says no, a disk that is too slow."""

import asyncio
import threading
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.index import read_index
from emulator.media.hls.store import ShelfSettings, Shelves
from emulator.media.hls.writer import RecordingFailed, Writer
from tests.support.broadcast import FakeBroadcast

FULL = Path("/dev/full")


async def test_a_finished_recording_is_read_back_as_it_was(
    shelves: Shelves, uid: str, broadcast: FakeBroadcast
) -> None:
    shelf = shelves.begin(uid)
    broadcast.send(shelf, 12)
    broadcast.send(shelf, 8, is_discontinuity=True)
    shelf.finish()
    await shelf.saved()
    recorded = read_index(shelf.folder)
    live, kept = shelf.window, recorded.window()
    assert (recorded.bad_lines, recorded.lost_parts) == (0, 0)
    assert recorded.ended_ms == live.end_ms
    for one, two in zip(live.complete, kept.complete, strict=True):
        assert (one.msn, one.init, one.start, one.duration) == (
            two.msn,
            two.init,
            two.start,
            two.duration,
        )
        assert (one.length, one.frames, one.starts_discontinuity) == (
            two.length,
            two.frames,
            two.starts_discontinuity,
        )
        assert (shelf.folder / one.name).stat().st_size == one.length
    assert kept.next_part == live.next_part


async def test_a_publisher_that_sends_nothing_leaves_no_folder(shelves: Shelves, uid: str) -> None:
    shelf = shelves.begin(uid)
    shelf.finish()
    await shelf.saved()
    assert not shelf.folder.exists()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
async def test_a_full_disk_fails_the_recording_by_name_and_the_stream_goes_on(
    shelves: Shelves, uid: str, broadcast: FakeBroadcast
) -> None:
    # Given a disk on which the third segment finds no room,
    failures: list[RecordingFailed] = []
    shelf = shelves.begin(uid, failures.append)
    broadcast.send(shelf, 10)
    await shelves.written()
    (shelf.folder / "seg-2.m4s").symlink_to(FULL)
    # when the stream goes on for a long time,
    for _ in range(10):
        broadcast.send(shelf, 10)
        await shelves.written()
    # then it is told once, players have a live edge, and memory does not grow.
    assert [failure.reason for failure in failures] == ["disk_full"]
    assert shelf.failure is failures[0]
    assert f"part-{broadcast.count - 1}.m4s" in shelf.playlist("low_latency").text
    window = shelf.window
    assert len(window.segments) <= 8
    newest = window.complete[-1]
    assert isinstance(shelf.media_now(newest.name), bytes)
    with pytest.raises(Refused):
        shelf.media_now("seg-2.m4s")
    # And what was written before is a recording.
    shelf.finish()
    await shelf.saved()
    assert sorted(read_index(shelf.folder).segments) == [0, 1]


async def test_a_folder_that_cannot_be_made_fails_the_recording(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    (tmp_path / "media").write_text("not a folder")
    failures: list[RecordingFailed] = []
    shelves = Shelves(tmp_path / "media", ShelfSettings(segment_ms=1000))
    shelf = shelves.begin(uid, failures.append)
    broadcast.send(shelf, 3)
    await shelves.written()
    assert [failure.reason for failure in failures] == ["disk_error"]
    await shelves.close()


async def test_a_disk_that_is_too_slow_fails_the_recording_and_never_fills_the_memory(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    # Given a writer that is stuck,
    settings = ShelfSettings(segment_ms=1000, pending_bytes_max=10_000)
    shelves = Shelves(tmp_path, settings)
    go_on = threading.Event()
    shelves._writer.put(lambda: _wait(go_on))
    failures: list[RecordingFailed] = []
    shelf = shelves.begin(uid, failures.append)
    # when more waits than may,
    broadcast.send(shelf, 200)
    await asyncio.sleep(0)
    # then that recording fails, its memory is bounded, and the writer is not asked for more.
    assert [failure.reason for failure in failures] == ["disk_too_slow"]
    held = sum(len(part.content or b"") for s in shelf.window.segments for part in s.parts)
    assert held < 50_000
    go_on.set()
    shelf.finish()
    await shelf.saved()
    assert read_index(shelf.folder).segments == {}
    await shelves.close()


async def test_one_recordings_failure_is_no_others(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    shelves = Shelves(tmp_path, ShelfSettings(segment_ms=1000))
    (tmp_path / uid).write_text("not a folder")
    bad, good = shelves.begin(uid), shelves.begin("f" * 32)
    other = FakeBroadcast(parts_a_segment=5)
    for _ in range(12):
        broadcast.send(bad)
        other.send(good)
    await shelves.close()
    assert bad.failure is not None
    assert good.failure is None
    assert len(read_index(good.folder).segments) == 3


async def test_closing_a_writer_that_never_wrote_is_nothing() -> None:
    await Writer().close()


async def test_closing_writes_what_waits(tmp_path: Path, uid: str) -> None:
    shelves = Shelves(tmp_path, ShelfSettings(segment_ms=1000))
    broadcast = FakeBroadcast(parts_a_segment=5)
    broadcast.send(shelves.begin(uid), 30)
    await shelves.close()
    recorded = read_index(tmp_path / uid)
    assert len(recorded.segments) == 6
    assert recorded.ended_ms is not None


def _wait(event: threading.Event) -> None:
    event.wait(60)
