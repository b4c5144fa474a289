"""A live stream for an audience."""

import pytest

from emulator.core.clock import ManualClock
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people.accounts import User
from emulator.world.world import World


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the beginning of an hour."""
    return ManualClock(1_767_225_600_000)


@pytest.fixture
def stream(world: World, ada: User) -> Stream:
    return streams.start(world, streams.create(world, ada, StreamPatch({"title": "Launch night"})))


@pytest.fixture
def other(world: World, bob: User) -> Stream:
    return streams.start(world, streams.create(world, bob, StreamPatch({"title": "Elsewhere"})))
