from itertools import product
from typing import get_args

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.live import StreamCreated, StreamEnded, StreamWentLive
from emulator.world.audience import attendance
from emulator.world.library import recordings
from emulator.world.live import lists, streams
from emulator.world.live.lists import StreamFilter
from emulator.world.live.moves import LEGAL_MOVES, Move, Status, after
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people.accounts import User
from emulator.world.world import World

# Contract, "Lifecycle of a stream", written again by hand: the table must be equal.
LIFECYCLE = {
    ("offline", "first_key_frame"): "live",
    ("offline", "start"): "live",
    ("offline", "end"): "ended",
    ("live", "first_key_frame"): "live",
    ("live", "end"): "ended",
    ("live", "media_over"): "ended",
}


@pytest.fixture
def stream(world: World, ada: User) -> Stream:
    return streams.create(world, ada, StreamPatch({"title": "Launch night"}))


def bring_to(world: World, stream: Stream, status: Status) -> Stream:
    if status == "offline":
        return stream
    live = streams.go_live(world, stream.id)
    return live if status == "live" else streams.end(world, live)


def make(world: World, stream: Stream, move: Move) -> Stream:
    if move == "first_key_frame":
        return streams.go_live(world, stream.id)
    if move == "start":
        return streams.start(world, stream)
    if move == "end":
        return streams.end(world, stream)
    return streams.end_when_media_stopped(world, stream.id, world.now_ms, "gone")


@pytest.mark.parametrize(("status", "move"), [*product(get_args(Status), get_args(Move))])
def test_streams_every_transition_is_legal_or_refused_as_the_contract_says(
    world: World, stream: Stream, heard: list[Event], status: Status, move: Move
) -> None:
    stream = bring_to(world, stream, status)
    before = list(heard)
    to = LIFECYCLE.get((status, move))

    if to is None:
        with pytest.raises(Refused) as refused:
            make(world, stream, move)
        assert refused.value.code == "conflict"
        assert streams.find(world, stream.id) == stream
        assert heard == before
    else:
        assert make(world, stream, move).status == to
        assert after(status, move) == to


def test_streams_transition_table_has_only_contract_transitions() -> None:
    assert dict(LEGAL_MOVES) == LIFECYCLE


def test_streams_new_stream_is_offline_with_its_own_key(
    world: World, stream: Stream, heard: list[Event], ada: User
) -> None:
    assert stream.status == "offline"
    assert stream.started_at_ms is None
    assert stream.stream_key.startswith("live_")
    assert streams.by_key(world, stream.stream_key) == stream
    assert streams.by_uid(world, stream.uid) == stream
    assert heard[-1] == StreamCreated(
        at_ms=world.now_ms, stream_id=stream.id, user_id=ada.id, title="Launch night"
    )


def test_streams_live_from_first_key_frame_to_end_of_media(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    began_ms = clock.now_ms()
    streams.go_live(world, stream.id)
    clock.advance(60_000)
    stopped_ms = clock.now_ms()
    clock.advance(10_000)

    ended = streams.end_when_media_stopped(world, stream.id, stopped_ms, "the publisher left")

    assert (ended.started_at_ms, ended.ended_at_ms) == (began_ms, stopped_ms)
    assert [type(event) for event in heard[-2:]] == [StreamWentLive, StreamEnded]


def test_streams_with_media_leave_a_processing_vod(world: World, stream: Stream) -> None:
    streams.go_live(world, stream.id)

    ended = streams.end(world, streams.find(world, stream.id))

    assert ended.vod_id is not None
    vod = recordings.find(world, ended.vod_id)
    assert (vod.status, vod.stream_id, vod.title) == ("processing", stream.id, "Launch night")


@pytest.mark.parametrize("was_started", [True, False])
def test_streams_without_media_leave_no_vod(
    world: World, stream: Stream, was_started: bool
) -> None:
    if was_started:
        stream = streams.start(world, stream)

    assert streams.end(world, stream).vod_id is None


def test_streams_zombie_keeps_its_start_when_its_publisher_returns(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    began = streams.start(world, stream)
    clock.advance(5_000)

    live = streams.go_live(world, stream.id)

    assert live.started_at_ms == began.started_at_ms
    assert live.has_media
    assert sum(isinstance(event, StreamWentLive) for event in heard) == 1


def test_streams_second_is_refused_until_the_first_has_ended(
    world: World, ada: User, stream: Stream
) -> None:
    with pytest.raises(Refused, match="already have an active stream") as refused:
        streams.create(world, ada, StreamPatch({"title": "Another"}))
    assert refused.value.code == "conflict"

    streams.end(world, stream)

    assert streams.create(world, ada, StreamPatch({"title": "Another"})).status == "offline"


def test_streams_unknown_category_creates_no_stream(world: World, ada: User) -> None:
    with pytest.raises(Refused) as refused:
        streams.create(world, ada, StreamPatch({"title": "x", "category_id": "nowhere"}))

    assert refused.value.code == "not_found"
    assert world.store.number("SELECT count(*) FROM streams") == 0


def test_streams_patch_changes_only_the_named_fields(
    world: World, clock: ManualClock, ada: User
) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "x", "description": "kept"}))
    clock.advance(1_000)

    changed = streams.update(world, stream, StreamPatch({"title": "y", "is_mature": True}))

    assert (changed.title, changed.description, changed.is_mature) == ("y", "kept", True)
    assert changed.updated_at_ms == stream.updated_at_ms + 1_000


def test_streams_ended_can_be_described_but_not_scheduled(world: World, stream: Stream) -> None:
    ended = streams.end(world, stream)

    assert streams.update(world, ended, StreamPatch({"title": "Afterwards"})).title == "Afterwards"
    with pytest.raises(Refused, match="cannot be scheduled"):
        streams.update(world, ended, StreamPatch({"scheduled_start_ms": 1}))


def test_streams_of_others_show_while_live_and_own_always(
    world: World, ada: User, bob: User, stream: Stream
) -> None:
    def seen(viewer: User | None) -> list[str]:
        wanted = StreamFilter(status="default")
        listed, total = lists.page(world, viewer, wanted, offset=0, count=20)
        assert total == len(listed)
        return [listed_stream.title for listed_stream in listed]

    assert seen(None) == []
    assert seen(bob) == []
    assert seen(ada) == ["Launch night"]
    streams.go_live(world, stream.id)
    assert seen(None) == ["Launch night"]


def test_streams_private_are_visible_to_their_owner_only(
    world: World, ada: User, bob: User
) -> None:
    stream = streams.create(world, ada, StreamPatch({"title": "x", "visibility": "private"}))

    assert streams.find_for(world, stream.id, ada) == stream
    for other in (bob, None):
        with pytest.raises(Refused) as refused:
            streams.find_for(world, stream.id, other)
        assert refused.value.code == "not_found"


def test_streams_are_managed_by_their_owner_only(world: World, bob: User, stream: Stream) -> None:
    with pytest.raises(Refused) as refused:
        streams.find_own(world, stream.id, bob)
    assert refused.value.code == "forbidden"


def test_streams_peak_is_the_most_concurrent_viewers(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    live = streams.start(world, stream)
    for session in ("one", "two"):
        attendance.see(world, live, session)
    clock.advance(16_000)
    attendance.see(world, live, "three")

    assert world.viewers.count(stream.id) == 1
    assert streams.find(world, stream.id).peak_viewer_count == 2
