"""Recovery: a process that is killed while it writes loses nothing that it had finished."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.media.hls import playlist
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.index import NAME, read_index
from emulator.media.hls.segments import read
from emulator.media.hls.store import MediaStore
from emulator.media.recording.recovery import recover
from tests.support.broadcast import START_MS, FakeBroadcast
from tests.support.hls.media_rules import check_media

ROOT = Path(__file__).parents[4]
UID = "cd" * 16
# A program that writes parts as fast as possible, and prints the number on the disk after each.
WRITING = """
import asyncio, sys
from pathlib import Path
from emulator.media.hls.store import MediaStore, MediaStoreConfig
from tests.support.broadcast import FakeBroadcast

async def main():
    media_store = MediaStore(Path(sys.argv[1]), MediaStoreConfig(segment_ms=1000))
    hls_stream = media_store.begin(sys.argv[2])
    broadcast = FakeBroadcast(parts_a_segment=5)
    while True:
        broadcast.send(hls_stream)
        await media_store.written()
        print(broadcast.count, flush=True)

asyncio.run(main())
"""


def write_until_killed(root: Path, parts: int) -> int:
    """Write at least `parts` parts, kill the process, and return the number it had printed."""
    command = [sys.executable, "-c", WRITING, str(root), UID]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        said = next((line for line in process.stdout if int(line) >= parts), "")
        assert said, "the process ended before it was killed"
        process.send_signal(signal.SIGKILL)
        left = process.stdout.read().splitlines()
        assert process.wait(60) == -signal.SIGKILL
    return int([said, *left][-1])


@pytest.mark.parametrize("parts", [1, 4, 33])
def test_recovery_after_kill_9_keeps_every_finished_part(tmp_path: Path, parts: int) -> None:
    # Given a process that was killed while it wrote,
    written = write_until_killed(tmp_path, parts)
    # when its recording is recovered,
    recovered = recover(tmp_path / UID)
    # then every written part is there (and perhaps one more than it had printed),
    number = recovered.duration_ms // 200
    assert number in (written, written + 1)
    assert recovered.end_ms == START_MS + 200 * number
    assert not recovered.had_ended
    # the recording plays,
    window = read_index(tmp_path / UID).window()
    assert check_media(playlist.plain(window)) == []
    # and a second recovery changes nothing.
    before = {path.name: path.read_bytes() for path in (tmp_path / UID).iterdir()}
    assert recover(tmp_path / UID).had_ended
    assert {path.name: path.read_bytes() for path in (tmp_path / UID).iterdir()} == before


async def test_recovery_recording_is_served_to_its_last_finished_part(tmp_path: Path) -> None:
    folder = tmp_path / UID
    written = await asyncio.to_thread(write_until_killed, tmp_path, 8)
    with (folder / "seg-1.m4s").open("ab") as file:
        file.write(b"torn")
    with (folder / NAME).open("ab") as file:
        file.write(b'{"part":99,"seg')
    recovered = await asyncio.to_thread(recover, folder)
    assert recovered.bad_lines == 1
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
    hls_stream = media_store.find(UID)
    sources = [hls_stream.media_now(segment.name) for segment in hls_stream.window.complete]
    content = b"".join(read(source) for source in sources)
    assert content.endswith(b"<part %d>" % (content.count(b"<part") // 100 - 1))
    assert content.count(b"<part") // 100 >= written
    await media_store.close()


def test_recovery_ended_recording_is_left_alone(tmp_path: Path) -> None:
    async def record() -> None:
        media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
        FakeBroadcast(parts_a_segment=5).send(media_store.begin(UID), 7)
        await media_store.close()

    asyncio.run(record())
    recovered = recover(tmp_path / UID)
    assert recovered.had_ended
    assert (recovered.duration_ms, recovered.segments, recovered.lost_parts) == (1400, 2, 0)


def test_recovery_kill_before_the_first_part_leaves_an_empty_recording(
    tmp_path: Path,
) -> None:
    (tmp_path / NAME).write_bytes(b'{"recording":1,"segment_ms":1000,"part_ms":200}\n{"in')
    recovered = recover(tmp_path)
    assert (recovered.duration_ms, recovered.end_ms) == (0, None)


def test_recovery_folder_without_an_index_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        recover(tmp_path)


@pytest.mark.parametrize("torn", [b"", b'{"part":99,"seg', b'{"init":7'])
async def test_recovery_recording_continues_after_the_media_of_a_killed_process(
    tmp_path: Path, torn: bytes
) -> None:
    # Given a process that was killed in the middle of a segment, and perhaps of a line,
    folder = tmp_path / UID
    await asyncio.to_thread(write_until_killed, tmp_path, 8)
    with (folder / NAME).open("ab") as file:
        file.write(torn)
    before = read_index(folder).window()

    # when the next process continues the recording,
    media_store = MediaStore(tmp_path, MediaStoreConfig(segment_ms=1000))
    hls_stream = media_store.reopen(UID)
    assert not hls_stream.window.is_finished
    assert hls_stream.window.next_part > before.next_part
    FakeBroadcast(parts_a_segment=5).send(hls_stream, 7)
    await media_store.close()

    # then the media of both is there, with one discontinuity between them, and it has ended.
    recorded = read_index(folder)
    window = recorded.window()
    assert recorded.ended_ms is not None
    assert window.duration == before.duration + 7 * 18_000
    assert [segment.msn for segment in window.complete] == list(range(len(window.complete)))
    breaks = [segment.msn for segment in window.complete if segment.starts_discontinuity]
    assert breaks == [before.next_msn]
    assert {segment.init.number for segment in window.complete} == {0, 1}


async def test_recovery_recording_that_never_began_cannot_continue(tmp_path: Path) -> None:
    media_store = MediaStore(tmp_path)
    with pytest.raises(Refused) as refused:
        media_store.reopen(UID)
    assert refused.value.code == "not_found"
    await media_store.close()
