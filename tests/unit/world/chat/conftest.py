"""A stream of ada's, with bob as a user of its chat."""

import pytest

from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World


@pytest.fixture
def stream(world: World, ada: User) -> Stream:
    return streams.create(world, ada, StreamPatch({"title": "Launch night"}))


@pytest.fixture
def cleo(world: World) -> User:
    return accounts.make(world, "cleo")
