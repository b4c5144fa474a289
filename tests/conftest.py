"""Fixtures that every test may use: a world on a clock that only the test moves."""

import gc
import os
import signal
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
from tests.support.operation_coverage import Recorder
from tests.support.required_programs import need

# The suite starts the command hundreds of times, from several workers. Where Python is told to keep
# no bytecode (as in many containers), each start would compile everything again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A shell's background job and `nohup` ignore these, and processes that the tests start would
# inherit that: nobody could end them with Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


WORKERS_MAX = 8
# Files of `tests/real` that take over ten seconds of a worker, the longest of them first.
LONGEST = [
    "test_watch_page",
    "test_durability",
    "test_openapi_fuzz",
    "test_publisher",
    "test_scenario_command",
    "test_site",
    "test_obs",
    "test_hls_playback",
    "test_node_client",
    "test_console",
    "test_console_streams",
    "test_renditions",
    "test_transcode_ingest",
    "test_commands",
    "test_docs",
    "test_pytest_plugin",
    "test_player_sdk",
    "test_firefox",
    "test_watch_page_webrtc",
    "test_generated_clients",
    "test_http_servers",
    "test_webrtc_peers",
    "test_webrtc_limits",
    "test_stream_states",
    "test_main_job",
    "test_scenario_library",
    "test_exec",
    "test_whep",
    "test_whip",
    "test_simulcast",
]


def pytest_configure(config: pytest.Config) -> None:
    """`make tested` records which tests have seen which operation succeed."""
    gc.disable()
    text = os.environ.get("LIVE_EMULATOR_TESTED")
    if text:
        config.pluginmanager.register(Recorder(Path(text)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: two for each processor, since real encoders and players wait for pictures.

    On two idle processors four workers took 335 s where three took 394, with 28 % idle.
    """
    return min((os.cpu_count() or 1) * 2, WORKERS_MAX)


def pytest_collection_finish() -> None:
    """Freeze the collected tests: searching them for garbage costs every test some time."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files so that every worker is busy to the end.

    The longest of `real` come first. Tests that wait for media are spread evenly among tests that
    compute, since a processor has nothing to do while all workers wait.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    real = Path(__file__).parent / "real"
    waiting = [path for path in files if path.is_relative_to(real)]
    waiting.sort(key=lambda p: LONGEST.index(p.stem) if p.stem in LONGEST else len(LONGEST))
    computing = [path for path in files if not path.is_relative_to(real)]
    places = {
        path: number / len(group)
        for group in (waiting, computing)
        for number, path in enumerate(group)
    }
    items[:] = [item for path in sorted(files, key=places.__getitem__) for item in files[path]]


# The time of an example depends on the machine and not on our code. The examples are the same each
# time, so that no change is refused by chance; `make slow` looks for new ones.
_SLOW = "LIVE_EMULATOR_TESTS_SLOW" in os.environ
hypothesis.settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=not _SLOW,
    max_examples=2000 if _SLOW else 50,
)
hypothesis.settings.load_profile("project")


@pytest.fixture(autouse=True)
def _played_worlds() -> Iterator[None]:
    """Close the worlds of scenarios that a test has played (`tests.support.scenario_run`)."""
    yield
    played = sys.modules.get("tests.support.scenario_run")
    while played is not None and played.OPEN:
        played.OPEN.pop().close()


@pytest.fixture
def curl() -> str:
    """The path of curl, which the documents' commands use."""
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
