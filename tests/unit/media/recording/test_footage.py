"""Footage: positions as a player shows them, independent of the stream's clock."""

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.segments import FileRange
from emulator.media.hls.store import MediaStore
from emulator.media.recording.footage import footage
from tests.support.broadcast import FakeBroadcast


async def test_footage_positions_are_the_sums_of_earlier_durations(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = media_store.begin(uid)
    broadcast = FakeBroadcast(parts_a_segment=5)
    broadcast.send(hls_stream, 10)
    broadcast.start += 90_000_000  # The clock jumps; the player's seek bar does not.
    broadcast.send(hls_stream, 6, is_discontinuity=True)
    held = footage(hls_stream)
    assert [piece.position for piece in held.pieces] == [0, 90_000, 180_000]
    assert held.pieces[2].shift == -90_000_000
    assert held.seconds == 3
    assert [len(pieces) for pieces in held.runs()] == [2, 1]


async def test_footage_time_belongs_to_one_piece_and_the_end_to_the_last(
    media_store: MediaStore, uid: str
) -> None:
    hls_stream = media_store.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(hls_stream, 11)
    held = footage(hls_stream)
    numbers = [held.at(position).position for position in (0, 89_999, 90_000, 180_000)]
    assert numbers == [0, 0, 90_000, 90_000]
    for outside in (-1, 180_001):
        with pytest.raises(Refused) as refusal:
            held.at(outside)
        assert refusal.value.code == "invalid"


async def test_footage_lost_segment_keeps_its_place(media_store: MediaStore, uid: str) -> None:
    hls_stream = media_store.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(hls_stream, 15)
    hls_stream.finish()
    await hls_stream.saved()
    (hls_stream.folder / "seg-1.m4s").unlink()
    media_store.retire(uid)
    held = footage(media_store.find(uid))
    assert [piece.position for piece in held.pieces] == [0, 180_000]
    assert isinstance(held.pieces[0].source, FileRange)
    with pytest.raises(Refused):
        held.at(100_000)
