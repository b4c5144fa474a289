"""No statement about audiences scans a whole table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import emulator.world.audience
from emulator.core.clock import ManualClock
from emulator.world.audience import activity, attendance, channel, cohorts, figures
from emulator.world.audience.cohort import Mix
from emulator.world.audience.cohort_registry import CohortRegistry
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.query_plans import WatchedStore, sites_in

OURS = list(Path(emulator.world.audience.__file__).parent.glob("*.py"))


@pytest.fixture(scope="module")
def store() -> Iterator[WatchedStore]:
    """A store that has run every statement of ours."""
    clock = ManualClock()
    world = World(clock=clock, publish=lambda _: None, rules=RulesConfig(streams_per_user=0))
    world.store.close()
    world.store = watched = WatchedStore()
    world.cohorts = CohortRegistry(watched, clock)
    ada = accounts.make(world, "ada", api_key="")
    one, two = (
        streams.start(world, streams.create(world, ada, StreamPatch({"title": title})))
        for title in ("one", "two")
    )
    watch(world, clock, one, two)
    read(world, ada, one)
    # Opened again in the middle, and ended a while after its media.
    attendance.see(world, one, "somebody")
    world.cohorts = CohortRegistry(watched, clock)
    attendance.reopen(world)
    clock.advance(60_000)
    streams.end_when_media_stopped(world, one.id, world.now_ms - 90_000, "gone")
    yield watched
    watched.close()


def watch(world: World, clock: ManualClock, one: Stream, two: Stream) -> None:
    attendance.see(world, one, "one", country="DE", device="tv", referrer="a.example")
    cohorts.reach(world, one, 100, mix=Mix(signed_in=0.5))
    cohorts.add(world, one, 100, for_ms=60_000)
    clock.advance(30_000)
    cohorts.raid(world, one, two, count=50)
    attendance.settle_all(world)
    for number in range(301):
        attendance.see(world, two, f"session {number}", referrer=f"{number}.example")
    attendance.leave(world, two, "session 1")


def read(world: World, ada: User, stream: Stream) -> None:
    from emulator.world.chat import messages

    messages.post(world, stream.id, ada, "hello")
    for tell in (figures.totals, figures.chat, figures.engagement, figures.geography):
        tell(world, stream)
    figures.timeline(world, stream, 1)
    figures.recent(world, stream, 60_000, 1_000)
    figures.traits(world, stream, "device")
    days = channel.utc_days(world.now_ms, 30)
    channel.quick(world, ada, days)
    channel.overview(world, ada)
    channel.audience(world, ada, 30)
    channel.top(world, ada, "duration", 3)
    channel.categories(world, ada)
    activity.recent(world, ada, 10)
    activity.recent_followers(world, ada, 10)


def test_audience_queries_cover_every_statement(store: WatchedStore) -> None:
    assert sites_in(OURS) - store.sites == set()


def test_audience_queries_walk_no_whole_table(store: WatchedStore) -> None:
    assert store.scans() == []
