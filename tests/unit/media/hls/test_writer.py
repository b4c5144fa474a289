"""WriterThread: bytes before their line, write errors, and a disk that is too slow."""

import asyncio
import threading
from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.index import read_index
from emulator.media.hls.store import MediaStore
from emulator.media.hls.writer import RecordingFailed, WriterThread
from tests.support.broadcast import FakeBroadcast

FULL = Path("/dev/full")


async def test_writer_thread_finished_recording_reads_back_unchanged(
    media_store: MediaStore, uid: str, broadcast: FakeBroadcast
) -> None:
    hls_stream = media_store.begin(uid)
    broadcast.send(hls_stream, 12)
    broadcast.send(hls_stream, 8, is_discontinuity=True)
    hls_stream.finish()
    await hls_stream.saved()
    recorded = read_index(hls_stream.folder)
    live, window = hls_stream.window, recorded.window()
    assert (recorded.bad_lines, recorded.lost_parts) == (0, 0)
    assert recorded.ended_ms == live.end_ms
    for one, two in zip(live.complete, window.complete, strict=True):
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
        assert (hls_stream.folder / one.name).stat().st_size == one.length
    assert window.next_part == live.next_part


async def test_writer_thread_after_a_delay_writes_each_segments_waiting_parts_at_once(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    writes: list[str] = []

    class Counted(FileIO):
        def write(self, content: Any, /) -> int:
            writes.append(Path(str(self.name)).name)
            return super().write(content)

    # Given a writer that is held up while two segments and three parts come,
    writer = WriterThread(open_file=Counted)
    go_on = threading.Event()
    writer.put(lambda: _wait(go_on))
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000), writer)
    hls_stream = media_store.begin(uid)
    for _ in range(13):
        broadcast.send(hls_stream)
        await asyncio.sleep(0)
    assert writes == []
    # when it continues, then each file is written once, before the lines that name its bytes.
    go_on.set()
    await media_store.written()
    index = "index.jsonl"
    assert writes == [
        index, "init-0.mp4", index,
        "seg-0.m4s", index, index,
        "seg-1.m4s", index, index,
        "seg-2.m4s", index,
    ]  # fmt: skip
    # Later media is written as it comes.
    broadcast.send(hls_stream)
    await media_store.written()
    assert writes[-2:] == ["seg-2.m4s", index]
    assert read_index(hls_stream.folder).window().duration == 14 * 18_000
    await media_store.close()


async def test_writer_thread_publisher_without_media_leaves_no_folder(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = media_store.begin(uid)
    hls_stream.finish()
    await hls_stream.saved()
    assert not hls_stream.folder.exists()


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
async def test_writer_thread_full_disk_fails_the_recording_and_the_stream_continues(
    media_store: MediaStore, uid: str, broadcast: FakeBroadcast
) -> None:
    # Given a disk on which the third segment finds no space,
    failures: list[RecordingFailed] = []
    hls_stream = media_store.begin(uid, failures.append)
    broadcast.send(hls_stream, 10)
    await media_store.written()
    (hls_stream.folder / "seg-2.m4s").symlink_to(FULL)
    # when the stream runs for a long time,
    for _ in range(10):
        broadcast.send(hls_stream, 10)
        await media_store.written()
    # then one failure is reported, players have a live edge, and memory does not grow.
    assert [failure.reason for failure in failures] == ["disk_full"]
    assert hls_stream.failure is failures[0]
    assert f"part-{broadcast.count - 1}.m4s" in hls_stream.playlist("low_latency").text
    window = hls_stream.window
    assert len(window.segments) <= 8
    newest = window.complete[-1]
    assert isinstance(hls_stream.media_now(newest.name), bytes)
    with pytest.raises(Refused):
        hls_stream.media_now("seg-2.m4s")
    # The media written before it is a recording.
    hls_stream.finish()
    await hls_stream.saved()
    assert sorted(read_index(hls_stream.folder).segments) == [0, 1]


async def test_writer_thread_folder_that_cannot_be_created_fails_the_recording(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    (tmp_path / "media").write_text("not a folder")
    failures: list[RecordingFailed] = []
    media_store = MediaStore(tmp_path / "media", MediaStoreConfig(segment_ms=1000))
    hls_stream = media_store.begin(uid, failures.append)
    broadcast.send(hls_stream, 3)
    await media_store.written()
    assert [failure.reason for failure in failures] == ["disk_error"]
    await media_store.close()


async def test_writer_thread_slow_disk_fails_the_recording_in_bounded_memory(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    # Given a writer that is stuck,
    settings = MediaStoreConfig(segment_ms=1000, pending_bytes_max=10_000)
    media_store = MediaStore(tmp_path, settings)
    go_on = threading.Event()
    media_store._writer.put(lambda: _wait(go_on))
    failures: list[RecordingFailed] = []
    hls_stream = media_store.begin(uid, failures.append)
    # when its queue exceeds the limit,
    broadcast.send(hls_stream, 200)
    await asyncio.sleep(0)
    # then that recording fails, its memory is bounded, and the writer gets no more jobs.
    assert [failure.reason for failure in failures] == ["disk_too_slow"]
    held = sum(len(part.content or b"") for s in hls_stream.window.segments for part in s.parts)
    assert held < 50_000
    go_on.set()
    hls_stream.finish()
    await hls_stream.saved()
    assert read_index(hls_stream.folder).segments == {}
    await media_store.close()


async def test_writer_thread_failure_of_one_recording_leaves_the_others_alone(
    tmp_path: Path, uid: str, broadcast: FakeBroadcast
) -> None:
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
    (tmp_path / uid).write_text("not a folder")
    bad, good = media_store.begin(uid), media_store.begin("f" * 32)
    other = FakeBroadcast(parts_a_segment=5)
    for _ in range(12):
        broadcast.send(bad)
        other.send(good)
    await media_store.close()
    assert bad.failure is not None
    assert good.failure is None
    assert len(read_index(good.folder).segments) == 3


async def test_writer_thread_close_without_a_write_does_nothing() -> None:
    await WriterThread().close()


async def test_writer_thread_close_writes_the_queue(tmp_path: Path, uid: str) -> None:
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
    broadcast = FakeBroadcast(parts_a_segment=5)
    broadcast.send(media_store.begin(uid), 30)
    await media_store.close()
    recorded = read_index(tmp_path / uid)
    assert len(recorded.segments) == 6
    assert recorded.ended_ms is not None


def _wait(event: threading.Event) -> None:
    event.wait(60)
