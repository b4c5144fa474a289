"""The pytest plugin: a platform of its own for every test, in a millisecond or two.

It is loaded wherever the package is installed, so nothing but pytest is imported before a test asks
for one of its fixtures. The emulator runs in a thread; everything here is plain synchronous Python,
and works as well inside `async def` tests and in the processes of pytest-xdist.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from emulator.pytest_plugin.platform import LiveEmulator
    from emulator.pytest_plugin.rooms import Chat
    from emulator.pytest_plugin.scenarios import Scenarios
    from emulator.pytest_plugin.steering import Clock, Faults
    from emulator.pytest_plugin.streams import Publisher, Stream, Viewers
    from emulator.pytest_plugin.worlds import World

_MARKER = "scenario(file, **params): play a scenario in the test's world before the test"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARKER)
    _leave_as_it_is()


def _leave_as_it_is() -> None:
    """Keep pytest from rewriting the `assert`s of the whole emulator, as of any plugin's package.

    It has none to explain, and Python 3.11 fails where two threads parse at a time ("AST
    constructor recursion depth mismatch"): the emulator imports in a thread while tests go on.
    """
    for finder in sys.meta_path:
        marked = getattr(finder, "_must_rewrite", None)
        if isinstance(marked, set):
            marked.discard("emulator")
            getattr(finder, "_marked_for_rewrite_cache", {}).clear()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that is marked plays its scenario, also where it does not ask for the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is not None and item.get_closest_marker("scenario") and "scenario" not in names:
            names.append("scenario")


@pytest.fixture(scope="session")
def live_emulator_settings() -> dict[str, Any]:
    """Override it to serve with other settings, by the names of `emulator.settings.Settings`."""
    return {}


@pytest.fixture
def live_emulator_seed() -> str:
    """Override it for other worlds: `default`, `none`, or a seed file's path."""
    return "default"


@pytest.fixture(scope="session")
def live_emulator(live_emulator_settings: dict[str, Any]) -> "Iterator[LiveEmulator]":
    """One emulator a process, on free ports, in memory; it is gone when the session is over."""
    from emulator.pytest_plugin.platform import running

    with running(live_emulator_settings) as emulator:
        yield emulator


@pytest.fixture
def world(live_emulator: "LiveEmulator", live_emulator_seed: str) -> "Iterator[World]":
    """A platform that no other test sees, dropped when the test is over."""
    from emulator.pytest_plugin.worlds import World

    world = World.make(live_emulator, live_emulator_seed)
    yield world
    world.drop()


@pytest.fixture
def stream(world: "World") -> "Stream":
    """A new stream of the account `demo`, offline."""
    return world.create_stream()


@pytest.fixture
def publisher(stream: "Stream") -> "Iterator[Publisher]":
    """Whoever publishes `stream`, once it is told to."""
    from emulator.pytest_plugin.streams import Publisher

    publisher = Publisher(stream)
    yield publisher
    publisher.close()


@pytest.fixture
def viewers(stream: "Stream") -> "Viewers":
    """The audience of `stream`: as many as the test wants."""
    from emulator.pytest_plugin.streams import Viewers

    return Viewers(stream)


@pytest.fixture
def chat(stream: "Stream") -> "Chat":
    """The chat of `stream`: what others say in it, and what was said."""
    from emulator.pytest_plugin.rooms import Chat

    return Chat(stream)


@pytest.fixture
def clock(world: "World") -> "Clock":
    """The time of the test's world: stopped, moved on, run faster."""
    return world.clock


@pytest.fixture
def faults(world: "World") -> "Faults":
    """What is broken on purpose in the test's world."""
    return world.faults


@pytest.fixture
def scenario(world: "World", request: pytest.FixtureRequest) -> "Scenarios":
    """Plays scenarios in the test's world; the one that the test is marked with is over by now.

    A marked scenario that misses an expectation fails the test before it begins.
    """
    from emulator.pytest_plugin.scenarios import Scenarios

    folder = Path(str(request.path)).parent
    scenarios = Scenarios(world, folder)
    marker = request.node.get_closest_marker("scenario")
    if marker is not None:
        scenarios.play(*marker.args, **marker.kwargs)
    return scenarios
