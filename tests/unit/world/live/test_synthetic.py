"""A synthetic publisher comes, drops and leaves like a real one."""

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.live import (
    PublisherJoined,
    PublisherLeft,
    PublishRefused,
    StreamEnded,
    StreamWentLive,
)
from emulator.world.faults.reading import read
from emulator.world.library import removal
from emulator.world.live import streams, synthetic
from emulator.world.live.streams import Stream
from emulator.world.world import World
from tests.support.streams import make

WINDOW_MS = 10_000
KINDS = (PublisherJoined, PublisherLeft, PublishRefused, StreamWentLive, StreamEnded)


@pytest.fixture
def stream(world: World) -> Stream:
    return make(world, "Launch night")


def now(world: World, stream: Stream) -> Stream:
    return streams.find(world, stream.id)


def kinds(heard: list[Event]) -> list[str]:
    return [type(event).__name__ for event in heard if isinstance(event, KINDS)]


def test_synthetic_publisher_goes_live_and_ends_after_its_run(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    started = synthetic.start(world, stream)
    assert (started.status, started.has_media) == ("live", True)
    clock.advance(4 * 3_600_000)
    synthetic.stop(world, stream)
    clock.advance(WINDOW_MS - 1)
    assert now(world, stream).status == "live"
    clock.advance(1)

    ended = now(world, stream)
    assert ended.status == "ended"
    assert (ended.ended_at_ms or 0) - (ended.started_at_ms or 0) == 4 * 3_600_000
    assert kinds(heard) == ["PublisherJoined", "StreamWentLive", "PublisherLeft", "StreamEnded"]


def test_synthetic_publisher_returning_within_the_window_goes_on(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    began_ms = clock.now_ms()
    synthetic.start(world, stream)
    clock.advance(60_000)
    synthetic.drop(world, stream, 6_000)
    clock.advance(60_000)
    assert now(world, stream).status == "live"
    assert synthetic.pauses(world, stream.uid) == ((began_ms + 60_000, began_ms + 66_000),)
    assert kinds(heard) == ["PublisherJoined", "StreamWentLive", "PublisherLeft", "PublisherJoined"]
    assert isinstance(heard[-1], PublisherJoined)
    assert heard[-1].is_return


def test_synthetic_publisher_returning_too_late_is_refused(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    synthetic.start(world, stream)
    clock.advance(60_000)
    synthetic.drop(world, stream, WINDOW_MS + 1)
    clock.advance(60_000)
    assert now(world, stream).status == "ended"
    assert kinds(heard)[-2:] == ["StreamEnded", "PublishRefused"]


def test_synthetic_publisher_second_one_and_ended_stream_are_refused(
    world: World, stream: Stream
) -> None:
    with pytest.raises(Refused, match="no synthetic publisher"):
        synthetic.stop(world, stream)
    synthetic.start(world, stream)
    with pytest.raises(Refused, match="publishing with this key already"):
        synthetic.start(world, now(world, stream))
    streams.end(world, now(world, stream))
    with pytest.raises(Refused, match="ended is final"):
        synthetic.start(world, now(world, stream))


def test_synthetic_publisher_end_during_a_drop_ends_the_stream(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    synthetic.start(world, stream)
    synthetic.drop(world, stream, 5_000)
    streams.end(world, now(world, stream))
    clock.advance(60_000)
    assert kinds(heard).count("StreamEnded") == 1


def test_synthetic_publisher_time_live_without_media_shows_nothing(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    began_ms = clock.now_ms()
    streams.start(world, stream)
    clock.advance(30_000)
    synthetic.start(world, now(world, stream))
    assert now(world, stream).has_media
    assert synthetic.pauses(world, stream.uid) == ((began_ms, began_ms + 30_000),)


def test_synthetic_publisher_waiting_at_process_end_is_not_waited_for_again(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    synthetic.start(world, stream)
    clock.advance(5_000)
    synthetic.stop(world, stream)
    synthetic.end_abandoned(world)
    assert now(world, stream).status == "ended"


def test_synthetic_publisher_deleted_stream_leaves_nothing(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    synthetic.start(world, stream)
    clock.advance(5_000)
    synthetic.stop(world, stream)
    clock.advance(WINDOW_MS)
    removal.delete_stream(world, now(world, stream), with_vods=True)
    assert world.store.number("SELECT count(*) FROM loop_pauses") == 0


@pytest.mark.parametrize("comes_first", [True, False])
def test_synthetic_publisher_cut_off_by_a_fault_may_return(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event], comes_first: bool
) -> None:
    fault = read({"ingest.cut": {"stream": stream.id, "after": "2s"}, "times": 1})
    if comes_first:
        synthetic.start(world, stream)
        world.faults.start(fault)
        synthetic.break_off(world, "ingest.cut")
    else:
        world.faults.start(fault)
        synthetic.start(world, stream)
        clock.advance(2_000)
    assert not synthetic.is_publishing(world, now(world, stream))
    clock.advance(3_000)
    synthetic.start(world, now(world, stream))
    clock.advance(60_000)
    assert now(world, stream).status == "live"
    assert kinds(heard)[-2:] == ["PublisherLeft", "PublisherJoined"]


def test_synthetic_publisher_seeded_streams_ignore_its_faults(world: World, stream: Stream) -> None:
    streams.simulate(world, stream)
    world.faults.start(read({"ingest.cut": {}}))
    synthetic.break_off(world, "ingest.cut")
    assert synthetic.is_publishing(world, now(world, stream))


def test_synthetic_publisher_refused_by_a_fault(world: World, stream: Stream) -> None:
    world.faults.start(read({"ingest.refuse": {}}))
    with pytest.raises(Refused, match="accepts no publishers"):
        synthetic.start(world, stream)
    assert now(world, stream).status == "offline"
