"""Footage: positions as a player shows them, whatever the stream's own clock says."""

import pytest

from emulator.core.errors import Refused
from emulator.media.hls.segments import FileRange
from emulator.media.hls.store import Shelves
from emulator.media.recording.footage import footage
from tests.support.broadcast import FakeBroadcast


async def test_positions_are_the_sums_of_what_comes_before(shelves: Shelves, uid: str) -> None:
    shelf = shelves.begin(uid)
    broadcast = FakeBroadcast(parts_a_segment=5)
    broadcast.send(shelf, 10)
    broadcast.start += 90_000_000  # The clock jumps, the player's seek bar does not.
    broadcast.send(shelf, 6, is_discontinuity=True)
    held = footage(shelf)
    assert [piece.position for piece in held.pieces] == [0, 90_000, 180_000]
    assert held.pieces[2].shift == -90_000_000
    assert held.seconds == 3
    assert [len(pieces) for pieces in held.runs()] == [2, 1]


async def test_a_time_belongs_to_one_piece_and_the_end_to_the_last(
    shelves: Shelves, uid: str
) -> None:
    shelf = shelves.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(shelf, 11)
    held = footage(shelf)
    found = [held.at(position).position for position in (0, 89_999, 90_000, 180_000)]
    assert found == [0, 0, 90_000, 90_000]
    for outside in (-1, 180_001):
        with pytest.raises(Refused) as refusal:
            held.at(outside)
        assert refusal.value.code == "invalid"


async def test_a_lost_segment_keeps_its_place(shelves: Shelves, uid: str) -> None:
    shelf = shelves.begin(uid)
    FakeBroadcast(parts_a_segment=5).send(shelf, 15)
    shelf.finish()
    await shelf.saved()
    (shelf.folder / "seg-1.m4s").unlink()
    shelves.retire(uid)
    held = footage(shelves.find(uid))
    assert [piece.position for piece in held.pieces] == [0, 180_000]
    assert isinstance(held.pieces[0].source, FileRange)
    with pytest.raises(Refused):
        held.at(100_000)
