"""The clips that may be made, their counters, and their deletion with other things."""

import pytest
from msgspec.structs import replace

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.library import ClipDeleted
from emulator.world.library import clips, recordings, removal
from emulator.world.library.clips import WAITING_MAX
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import departures
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.unit.world.library.conftest import Record


def test_clips_are_requested_by_position_or_instant(
    world: World, ada: User, bob: User, record: Record
) -> None:
    stream, _ = record(ada, seconds=120)
    began_ms = stream.started_at_ms or 0

    by_position = clips.create(world, stream, bob, "x", 60_000, 120_000)
    by_instant = clips.create(world, stream, bob, "x", began_ms + 1_500, began_ms + 2_500)

    assert (by_position.from_ms, by_position.to_ms) == (60_000, 120_000)
    assert (by_instant.from_ms, by_instant.to_ms) == (1_500, 2_500)
    assert clips.count_of(world, stream.pk) == 2


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "field"),
    [
        (0, 60_001, "end_time"),
        (5, 5, "end_time"),
        (-1, 5, "start_time"),
        (119_000, 120_001, "end_time"),
    ],
)
def test_clips_out_of_range_are_refused(
    world: World, ada: User, record: Record, from_ms: int, to_ms: int, field: str
) -> None:
    stream, _ = record(ada, seconds=120)

    with pytest.raises(Refused) as refused:
        clips.create(world, stream, ada, "x", from_ms, to_ms)

    assert (refused.value.code, refused.value.details["field"]) == ("invalid", field)
    assert clips.unfinished(world) == []


def test_clips_of_a_young_stream_are_cut_to_its_length(
    world: World, clock: ManualClock, ada: User
) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "Young"}))
    stream = streams.go_live(world, stream.id)
    began_ms = stream.started_at_ms or 0
    clock.advance(12_000)

    by_instant = clips.create(world, stream, ada, "x", began_ms - 18_000, began_ms + 12_000)
    by_position = clips.create(world, stream, ada, "x", -10_000, 15_000)

    assert (by_instant.from_ms, by_instant.to_ms) == (0, 12_000)
    assert (by_position.from_ms, by_position.to_ms) == (0, 12_000)
    for from_ms, to_ms in ((-20_000, -1), (-20_000, 0), (-50_000, 11_000), (11_000, 13_000)):
        with pytest.raises(Refused):
            clips.create(world, stream, ada, "x", from_ms, to_ms)


def test_clips_are_as_long_as_there_was_media(world: World, ada: User, record: Record) -> None:
    stream, _ = record(ada)
    clip = clips.create(world, stream, ada, "x", 1_000, 11_000)

    clips.finish(world, clip.id, 9_950)
    assert clips.find(world, clip.id).duration_ms == 10_000
    clips.finish(world, clip.id, 4_000)
    assert clips.find(world, clip.id).duration_ms == 4_000


def test_clips_waiting_are_bounded(
    world: World, ada: User, record: Record, clock: ManualClock
) -> None:
    stream, _ = record(ada)
    for _ in range(WAITING_MAX):
        clips.create(world, stream, ada, "x", 0, 1_000)

    with pytest.raises(Refused) as refused:
        clips.create(world, stream, ada, "x", 0, 1_000)

    assert refused.value.code == "unavailable"
    assert refused.value.details["retry_after_seconds"] > 0
    clock.advance(1)


def test_clips_per_user_are_bounded(
    world: World, ada: User, bob: User, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream, _ = record(ada)
    monkeypatch.setattr(world, "rules", replace(world.rules, clips_per_user_max=2))
    first, _ = (clips.create(world, stream, bob, "x", 0, 1_000) for _ in range(2))

    with pytest.raises(Refused) as refused:
        clips.create(world, stream, bob, "x", 0, 1_000)

    assert refused.value.code == "conflict"
    clips.create(world, stream, ada, "x", 0, 1_000)
    clips.delete(world, first)
    clips.create(world, stream, bob, "x", 0, 1_000)


def test_clips_are_removed_with_their_stream_or_author(
    world: World, ada: User, bob: User, record: Record, heard: list[Event]
) -> None:
    one, _ = record(ada)
    other, _ = record(bob)
    mine, theirs = (clips.create(world, stream, bob, "x", 0, 1_000) for stream in (one, other))
    clip = clips.create(world, one, ada, "x", 0, 1_000)

    departures.delete(world, bob)

    gone = {event.uid for event in heard if isinstance(event, ClipDeleted)}
    assert gone == {mine.uid, theirs.uid}
    assert clips.of_stream(world, one, offset=0, count=9) == ([clip], 1)
    removal.delete_stream(world, streams.find(world, one.id))
    assert {event.uid for event in heard if isinstance(event, ClipDeleted)} == gone | {clip.uid}
    for stays in (mine, theirs, clip):
        with pytest.raises(Refused):
            clips.finish(world, stays.id, 1_000)


def test_clips_of_a_deleted_recording_are_refused(world: World, ada: User, record: Record) -> None:
    stream, vod = record(ada)
    recordings.delete(world, vod)

    with pytest.raises(Refused) as refused:
        clips.create(world, streams.find(world, stream.id), ada, "x", 0, 1_000)

    assert refused.value.code == "invalid"
