"""Fixtures that every test may use: a world on a clock that only the test moves."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World
from tests.support.peers import need
from tests.support.tested import Recorder

# The suite starts the command hundreds of times, from as many workers as there are. Where Python is
# told to keep no bytecode (many containers tell it so), each would compile all of it anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure(config: pytest.Config) -> None:
    """`make tested` asks which tests have seen which operation succeed."""
    kept = os.environ.get("LIVE_EMULATOR_TESTED")
    if kept:
        config.pluginmanager.register(Recorder(Path(kept)))


# How long an example takes says something of the machine and nothing of us.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


@pytest.fixture(autouse=True)
def _played_worlds() -> Iterator[None]:
    """Close the worlds of scenarios that a test has played (`tests.support.evening`)."""
    yield
    played = sys.modules.get("tests.support.evening")
    while played is not None and played.OPEN:
        played.OPEN.pop().close()


@pytest.fixture
def curl() -> str:
    """Where curl is, which the documents' commands are typed with."""
    return need("curl")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def heard() -> list[Event]:
    """Every event that the world published, in order."""
    return []


@pytest.fixture
def world(clock: ManualClock, heard: list[Event]) -> Iterator[World]:
    """An empty platform in memory."""
    world = World(clock=clock, publish=heard.append)
    yield world
    world.close()


@pytest.fixture
def open_world() -> Iterator[Callable[..., World]]:
    """Further worlds, made as `World` is, that are closed after the test."""
    with ExitStack() as stack:

        def make(**patch: Any) -> World:
            return stack.enter_context(closing(World(**patch)))

        yield make


@pytest.fixture
def ada(world: World) -> User:
    return accounts.make(world, "ada", api_key="ak_demo_ada")


@pytest.fixture
def bob(world: World) -> User:
    return accounts.make(world, "bob", api_key="ak_demo_bob")
