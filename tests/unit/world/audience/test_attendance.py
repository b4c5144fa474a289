"""Real viewers: those that come, those whose requests stop, and a stream's limit."""

from collections.abc import Callable

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.core.events.audience import ViewersLeft
from emulator.world.audience import attendance, cohorts, figures, ledger
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.world import World

GONE_MS = 15_000


def test_attendance_silent_viewer_times_out_at_the_exact_instant(
    world: World, clock: ManualClock, stream: Stream, heard: list[Event]
) -> None:
    attendance.see(world, stream, "one")
    clock.advance(4_000)
    attendance.see(world, stream, "two")
    clock.advance(4_000)
    attendance.see(world, stream, "one")
    began_ms = clock.now_ms()

    clock.advance(60_000)

    left = [event for event in heard if isinstance(event, ViewersLeft)]
    assert [(event.at_ms - began_ms, event.viewers) for event in left] == [
        (GONE_MS - 4_000, 1),
        (GONE_MS, 0),
    ]
    # Two watched for 23 and 15 seconds, whenever the figures are read.
    assert figures.totals(world, stream).watch_ms == 23_000 + 15_000


def test_attendance_returning_viewer_is_one_person_and_two_views(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    attendance.see(world, stream, "one", country="DE", device="tv", referrer="a.example")
    clock.advance(GONE_MS)
    attendance.see(world, stream, "one", country="US")

    totals = figures.totals(world, stream)

    assert (totals.views, totals.uniques, totals.peak) == (2, 1, 1)
    assert [country.code for country in figures.geography(world, stream)] == ["DE"]
    assert figures.traits(world, stream, "device") == {"tv": 1}


def test_attendance_viewers_are_gone_when_the_world_is_reopened(
    world: World, clock: ManualClock, stream: Stream, open_world: Callable[..., World]
) -> None:
    # Given two real viewers and ten simulated ones, of a world that is killed after a minute,
    for session in ("one", "two"):
        attendance.see(world, stream, session)
    cohorts.reach(world, stream, 10)
    clock.advance(10_000)
    attendance.see(world, stream, "three")
    clock.advance(1_000)
    copy = open_world(clock=clock, publish=lambda _: None, facts=world.store)

    # when it is opened again an hour later,
    clock.advance(3_600_000)
    attendance.reopen(copy)

    # then the real ones have watched for ten seconds and one for none, and the others continue.
    totals = figures.totals(copy, stream)
    assert copy.viewers.count(stream.id) == 10
    assert (totals.peak, totals.views) == (13, 13)
    assert totals.watch_ms == 2 * 10_000 + 10 * (10_000 + 1_000 + 3_600_000)
    assert sum(figures.engagement(copy, stream).retention[0]) == 100.0
    attendance.reopen(copy)
    assert figures.totals(copy, stream) == totals


def test_attendance_viewers_leave_when_the_media_stops(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    # Given a publisher that is gone, and viewers that wait, come and go until the stream ends,
    cohorts.reach(world, stream, 10)
    attendance.see(world, stream, "one")
    clock.advance(60_000)
    attendance.see(world, stream, "one")
    stopped_ms = clock.now_ms()
    clock.advance(5_000)
    cohorts.reach(world, stream, 4)
    clock.advance(5_000)
    figures.totals(world, stream)

    # when the stream has ended at the instant of its last picture,
    ended = streams.end_when_media_stopped(world, stream.id, stopped_ms, "gone")

    # then its figures end there, too: ten for a minute, and one for 15 seconds.
    totals = figures.totals(world, ended)
    assert totals.watch_ms == 10 * 60_000 + 15_000
    assert totals.mean == 10.25
    assert figures.timeline(world, ended, 1)[-1] == (stopped_ms, 0)
    clock.advance(3_600_000)
    assert figures.totals(world, ended) == totals


def test_attendance_viewers_cannot_join_a_stream_that_ended_before_reopening(
    world: World, clock: ManualClock, stream: Stream, open_world: Callable[..., World]
) -> None:
    # Given an hour of arrivals, of which a killed process ran ten minutes,
    cohorts.add(world, stream, 3_600, for_ms=3_600_000, arrivals="even")
    attendance.see(world, stream, "one")
    clock.advance(600_000)
    attendance.settle(world, stream)
    stopped_ms = clock.now_ms()
    copy = open_world(clock=clock, publish=lambda _: None, facts=world.store)

    # when its world is opened a day later, and the stream ended at its last picture,
    clock.advance(86_400_000)
    attendance.reopen(copy)
    ended = streams.end_when_media_stopped(copy, stream.id, stopped_ms, "stopped")

    # then the arrivals of the ten minutes have come, and no others.
    totals = figures.totals(copy, ended)
    assert (totals.views, totals.peak) == (601, 600)
    assert sum(country.viewers for country in figures.geography(copy, ended)) == 601
    assert figures.timeline(copy, ended, 5) == [
        (stopped_ms - 600_000, 1),
        (stopped_ms - 300_000, 300),
        (stopped_ms, 0),
    ]


def test_attendance_real_viewers_of_a_stream_are_bounded(
    clock: ManualClock, open_world: Callable[..., World]
) -> None:
    world = open_world(clock=clock, publish=lambda _: None, rules=RulesConfig(viewers_max=2))
    ada = accounts.make(world, "ada", api_key="")
    stream = streams.start(world, streams.create(world, ada, StreamPatch({"title": "Full"})))
    for session in ("one", "two", "three", "one"):
        attendance.see(world, stream, session)

    assert world.viewers.count(stream.id) == 2
    clock.advance(GONE_MS)
    attendance.see(world, stream, "three")
    assert world.viewers.count(stream.id) == 1


def test_attendance_client_supplied_names_are_bounded(world: World, stream: Stream) -> None:
    for number in range(ledger.TRAITS_MAX + 5):
        attendance.see(world, stream, f"session {number}", referrer=f"{number}.example")

    names = figures.traits(world, stream, "referrer")

    assert len(names) == ledger.TRAITS_MAX + 1
    assert names["other"] == 5
