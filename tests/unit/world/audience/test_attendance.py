"""Real viewers: who comes, who falls silent, and how many a stream takes."""

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.core.events.audience import ViewersLeft
from emulator.world.audience import attendance, figures, ledger
from emulator.world.live import streams
from emulator.world.live.streams import Stream, Wishes
from emulator.world.people import accounts
from emulator.world.rules import Rules
from emulator.world.world import World

GONE_MS = 15_000


def test_who_falls_silent_is_noticed_at_that_instant_by_itself(
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
    # Two watched for 23 and 15 seconds, whoever looks when.
    assert figures.totals(world, stream).watch_ms == 23_000 + 15_000


def test_who_comes_back_is_one_person_and_two_views(
    world: World, clock: ManualClock, stream: Stream
) -> None:
    attendance.see(world, stream, "one", country="DE", device="tv", referrer="a.example")
    clock.advance(GONE_MS)
    attendance.see(world, stream, "one", country="US")

    told = figures.totals(world, stream)

    assert (told.views, told.uniques, told.peak) == (2, 1, 1)
    assert [each.code for each in figures.geography(world, stream)] == ["DE"]
    assert figures.traits(world, stream, "device") == {"tv": 1}


def test_a_stream_counts_so_many_real_viewers_and_no_more(clock: ManualClock) -> None:
    world = World(clock=clock, publish=lambda _: None, rules=Rules(viewers_max=2))
    ada = accounts.make(world, "ada", api_key="")
    stream = streams.start(world, streams.create(world, ada, Wishes({"title": "Full"})))
    for session in ("one", "two", "three", "one"):
        attendance.see(world, stream, session)

    assert world.viewers.count(stream.id) == 2
    clock.advance(GONE_MS)
    attendance.see(world, stream, "three")
    assert world.viewers.count(stream.id) == 1


def test_names_that_clients_make_up_are_kept_up_to_a_number(world: World, stream: Stream) -> None:
    for number in range(ledger.TRAITS_MAX + 5):
        attendance.see(world, stream, f"session {number}", referrer=f"{number}.example")

    names = figures.traits(world, stream, "referrer")

    assert len(names) == ledger.TRAITS_MAX + 1
    assert names["other"] == 5
