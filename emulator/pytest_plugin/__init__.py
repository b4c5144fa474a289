"""The pytest plugin: every test gets its own platform, in a millisecond or two.

pytest loads the plugin wherever the package is installed, so it imports nothing but pytest before a
test uses one of its fixtures. Every fixture's name begins with `live_`, since other names belong to
the suites that use us. The emulator runs in a thread; methods that wait have an awaitable twin
(`twins`). Each process of pytest-xdist has its own emulator.
"""

import gc
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from emulator.testing.platform import LiveEmulator
    from emulator.testing.rooms import Chat
    from emulator.testing.scenarios import Scenarios
    from emulator.testing.steering import Clock, Faults
    from emulator.testing.streams import Publisher, Stream, Viewers
    from emulator.testing.webhooks import Webhooks
    from emulator.testing.worlds import World

_WORLDS = "emulator.testing.worlds"
_MARKER = "live_scenario(file, **params): play a scenario in the test's world before the test"


class WorldFactory(Protocol):
    """Makes a fresh world from a seed, with a unique name unless one is given."""

    def __call__(self, seed: str = "default", name: str | None = None) -> "World": ...


def pytest_addoption(parser: pytest.Parser) -> None:
    from emulator.pytest_plugin.exploring import add_options

    add_options(parser)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With `--live-explore`, run pytest again and again with faults instead of the tests once."""
    if not config.getoption("live_explore"):
        return None
    from emulator.pytest_plugin.exploring import explore

    return explore(config)


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
    """Let a marked test play its scenario, also if it does not use the fixture."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if names is None or "live_scenario" in names:
            continue
        if item.get_closest_marker("live_scenario"):
            names.append("live_scenario")


@pytest.fixture(scope="session")
def live_emulator_settings() -> dict[str, Any]:
    """Settings of the emulator, by their names in `emulator.settings.Settings`; override it."""
    return {}


@pytest.fixture
def live_emulator_seed() -> str:
    """The seed of each test's world: `default`, `none`, or a seed file's path; override it."""
    return "default"


@pytest.fixture(scope="session")
def live_emulator(live_emulator_settings: dict[str, Any]) -> "Iterator[LiveEmulator]":
    """The process's emulator, in memory and on free ports; it stops at the session's end."""
    with ExitStack() as stack:
        with _uncollected():
            from emulator.testing.platform import running, without_proxy

            stack.enter_context(without_proxy())
            emulator = stack.enter_context(running(live_emulator_settings))
        yield emulator


@contextmanager
def _uncollected() -> Iterator[None]:
    """Exempt the modules that the block imports from garbage collection: they stay anyway."""
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if is_collecting:
            gc.enable()


@pytest.fixture(scope="session")
def live_world_factory(live_emulator: "LiveEmulator") -> "Iterator[WorldFactory]":
    """Makes worlds for fixtures of a wider scope: `live_world_factory(seed="none")`.

    Each is a context manager that drops the world; others are dropped at the session's end.
    """
    from emulator.testing.worlds import World

    worlds: list[World] = []

    def make(seed: str = "default", name: str | None = None) -> World:
        worlds.append(World.make(live_emulator, seed, name))
        return worlds[-1]

    yield make
    for world in worlds:
        world.drop()


@pytest.fixture
def live_world(live_emulator: "LiveEmulator", live_emulator_seed: str) -> "Iterator[World]":
    """The test's own world, which no other test sees; dropped at the test's end."""
    from emulator.testing.worlds import World

    with World.make(live_emulator, live_emulator_seed) as world:
        yield world


@pytest.fixture
def live_stream(live_world: "World") -> "Stream":
    """A new stream of the account `demo`, offline."""
    return live_world.create_stream()


@pytest.fixture
def live_publisher(live_stream: "Stream") -> "Publisher":
    """The publisher of `live_stream`, which is not started yet."""
    return live_stream.publisher


@pytest.fixture
def live_viewers(live_stream: "Stream") -> "Viewers":
    """The simulated viewers of `live_stream`."""
    return live_stream.viewers


@pytest.fixture
def live_chat(live_stream: "Stream") -> "Chat":
    """The chat of `live_stream`: post lines as other users, and read the chat."""
    return live_stream.chat


@pytest.fixture
def live_clock(live_world: "World") -> "Clock":
    """The time of the test's world: freeze it, advance it, let it run faster."""
    return live_world.clock


@pytest.fixture
def live_faults(live_world: "World") -> "Faults":
    """The faults of the test's world."""
    return live_world.faults


@pytest.fixture
def live_webhooks(live_world: "World") -> "Webhooks":
    """A receiver of the world's webhooks: wait for deliveries and verify them."""
    return live_world.webhooks


@pytest.fixture
def live_scenario(live_world: "World", request: pytest.FixtureRequest) -> "Scenarios":
    """Plays scenarios in the test's world. The one of the test's mark has been played already.

    If that one missed an expectation, the test has failed before it began.
    """
    from emulator.testing.scenarios import Scenarios

    folder = Path(str(request.path)).parent
    scenarios = Scenarios(live_world, folder)
    marker = request.node.get_closest_marker("live_scenario")
    if marker is not None:
        scenarios.play(*marker.args, **marker.kwargs)
    return scenarios


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> "Generator[None, pytest.TestReport, pytest.TestReport]":
    """Add to a failed test's report the requests, faults and errors of its world."""
    report = yield
    # A test without our fixtures imports nothing of ours.
    if report.failed and report.when != "teardown" and _WORLDS in sys.modules:
        from emulator.testing import failures
        from emulator.testing.worlds import World

        values = getattr(item, "funcargs", {}).values()
        for world in dict.fromkeys(value for value in values if isinstance(value, World)):
            report.sections.append(("live-emulator", failures.report(world)))
    return report
