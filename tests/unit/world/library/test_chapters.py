"""Chapters never overlap, whatever is tried."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.library import chapters, recordings
from emulator.world.library.chapters import CHAPTERS_MAX, Draft
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.unit.world.library.conftest import Record

INSTANT = st.integers(-5, 105)
DO = st.sampled_from(("add", "move", "remove", "generate"))


@given(st.lists(st.tuples(DO, INSTANT, INSTANT), max_size=25))
def test_chapters_lie_side_by_side_inside_their_video(tries: list[tuple[str, int, int]]) -> None:
    world = World(clock=ManualClock(), publish=lambda _: None)
    stream = streams.create(world, accounts.make(world, "ada"), StreamPatch({"title": "x"}))
    streams.go_live(world, stream.id)
    ended = streams.end(world, streams.find(world, stream.id))
    recordings.mark_ready(world, ended.vod_id or "", 100, ())
    vod = recordings.find(world, ended.vod_id or "")
    refusals, changed_by_refusal = set[str](), False
    for what, begins, ends in tries:
        there = chapters.of(world, vod)
        draft = Draft("x", None, begins, ends)
        try:
            if what == "add" or not there:
                chapters.add(world, vod, draft)
            elif what == "move":
                chapters.update(world, vod, there[0], {"from_ms": begins, "to_ms": ends})
            elif what == "remove":
                chapters.remove(world, vod, there[-1])
            else:
                chapters.replace_generated(world, vod, [draft])
        except Refused as refused:
            refusals.add(refused.code)
            changed_by_refusal |= chapters.of(world, vod) != there

    assert (refusals <= {"invalid"}, changed_by_refusal) == (True, False)
    listed = chapters.of(world, vod)
    edges = [0, *(edge for chapter in listed for edge in (chapter.from_ms, chapter.to_ms)), 100]
    assert edges == sorted(edges)
    assert all(chapter.from_ms < chapter.to_ms for chapter in listed)
    world.close()


def test_chapters_of_a_vod_are_bounded(world: World, ada: User, record: Record) -> None:
    _, vod = record(ada)
    for number in range(CHAPTERS_MAX):
        chapters.add(world, vod, Draft("x", None, number, number + 1))

    with pytest.raises(Refused) as refused:
        chapters.add(world, vod, Draft("x", None, 1000, 1001))

    assert refused.value.code == "conflict"
    # Detection finds no more chapters than there is room for.
    assert chapters.replace_generated(world, vod, [Draft("y", None, 2000, 2001, 0.5)]) == []
