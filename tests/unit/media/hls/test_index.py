"""index.jsonl after every kind of end: complete segments are kept, incomplete ones ignored."""

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.media.hls import playlist
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.index import NAME, read_index
from emulator.media.hls.store import MediaStore
from tests.support.broadcast import FakeBroadcast
from tests.support.hls.media_rules import check_media

UID = "ab" * 16


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen parts in three segments, the last one after a discontinuity; not ended."""
    root = tmp_path_factory.mktemp("media")

    async def record() -> None:
        media_store = MediaStore(root, MediaStoreConfig(segment_ms=1000))
        hls_stream = media_store.begin(UID)
        broadcast = FakeBroadcast(parts_a_segment=5)
        broadcast.send(hls_stream, 10)
        broadcast.send(hls_stream, 3, is_discontinuity=True)
        await media_store.written()
        # The folder of a process that is killed at this instant.
        shutil.copytree(root / UID, root / "killed")
        await media_store.close()

    asyncio.run(record())
    return root / "killed"


@pytest.fixture
def copy(recording: Path, tmp_path: Path) -> Path:
    """A copy of the recording, for a test that damages it."""
    for file in recording.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def lengths(folder: Path) -> dict[int, int]:
    """Each segment's bytes, from the index and the files together."""
    return {msn: segment.length for msn, segment in read_index(folder).segments.items()}


def test_hls_index_of_a_killed_process_has_every_finished_part(recording: Path) -> None:
    recorded = read_index(recording)
    window = recorded.window()
    assert recorded.ended_ms is None
    assert window.duration == 13 * 18_000
    assert window.next_part == 13
    assert check_media(playlist.plain(window)) == []


def test_hls_index_ignores_a_torn_last_line(copy: Path) -> None:
    index = copy / NAME
    index.write_bytes(index.read_bytes()[:-7])
    assert read_index(copy).window().duration == 12 * 18_000
    assert read_index(copy).bad_lines == 1


def test_hls_index_plays_nothing_without_its_init_segment(copy: Path) -> None:
    """After a power failure, a file may be missing that the index names."""
    (copy / "init-1.mp4").write_bytes(b"")
    assert lengths(copy).keys() == {0, 1}
    assert read_index(copy).window().duration == 10 * 18_000


def test_hls_index_ignores_a_part_missing_from_its_file(copy: Path) -> None:
    segment = copy / "seg-2.m4s"
    segment.write_bytes(segment.read_bytes()[:-1])
    recorded = read_index(copy)
    assert recorded.window().duration == 12 * 18_000
    assert recorded.lost_parts == 1


def test_hls_index_ignores_bytes_without_a_line(copy: Path) -> None:
    before = lengths(copy)
    with (copy / "seg-2.m4s").open("ab") as file:
        file.write(b"torn")
    assert lengths(copy) == before


def test_hls_index_segment_without_its_end_keeps_its_beginning(copy: Path) -> None:
    segment = copy / "seg-0.m4s"
    whole = segment.read_bytes()
    segment.write_bytes(whole[: len(whole) * 3 // 5])
    window = read_index(copy).window()
    assert [segment.duration // 18_000 for segment in window.complete] == [3, 5, 3]
    assert [segment.starts_discontinuity for segment in window.complete] == [False, True, True]
    assert check_media(playlist.plain(window)) == []


def test_hls_index_missing_segment_is_a_gap_except_at_the_end(
    copy: Path,
) -> None:
    (copy / "seg-1.m4s").unlink()
    assert [segment.is_gap for segment in read_index(copy).window().complete] == [
        False,
        True,
        False,
    ]
    (copy / "seg-2.m4s").unlink()
    (copy / "seg-1.m4s").write_bytes(b"")
    assert read_index(copy).window().complete[0].msn == 0


def test_hls_index_invalid_line_costs_only_itself(copy: Path) -> None:
    lines = (copy / NAME).read_bytes().splitlines(keepends=True)
    nonsense = [b"\0\0\0\n", b"[]\n", b'{"part":"x"}\n', b'{"segment":null}\n', b"[" * 9999 + b"\n"]
    (copy / NAME).write_bytes(b"".join([*lines[:3], *nonsense, *lines[3:]]))
    recorded = read_index(copy)
    assert recorded.window().duration == 13 * 18_000
    assert recorded.bad_lines == len(nonsense) - 1  # That part's line is never read.


@given(cut=st.integers(0, 5000), noise=st.binary(max_size=40))
def test_hls_index_cut_anywhere_gives_the_lines_before_the_cut(
    recording: Path, tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for file in recording.iterdir():
        if file.name != NAME:
            (folder / file.name).symlink_to(file)
    whole = (recording / NAME).read_bytes()
    data = whole[:cut]
    (folder / NAME).write_bytes(data + noise)
    window = read_index(folder).window()
    parts = data.count(b'{"part"') - (b'{"part"' in data.rpartition(b"\n")[2])
    assert window.duration >= parts * 18_000 - 18_000 * 5 * (b'"segment"' in noise)
    assert window.duration <= 13 * 18_000
    assert check_media(playlist.plain(window)) in ([], ["every_fmp4_segment_has_a_map"])
