"""Services: one class and one line of a list; started, recovered and stopped with their world."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.live import StreamWentLive
from emulator.core.service import Service
from emulator.media.ingest.authorizer import PublishRequest
from emulator.platform import snapshots
from emulator.platform.platform import Platform, ServiceFactory
from emulator.platform.worlds import Worlds
from emulator.settings import Settings
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.webhooks import targets
from emulator.world.world import World
from tests.support.chat import make_worlds, standing_clock

SETTINGS = Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0)


class Pager(Service):
    """A second kind of webhook, for a test: records the streams for which somebody is paged."""

    def __init__(self, world: World, notes: list[str]) -> None:
        self._name = world.name
        self._notes = notes

    def handlers(self) -> Handlers:
        return {StreamWentLive: self._on_live}

    def start(self) -> None:
        self._notes.append(f"{self._name} starts")

    async def recover(self, is_restart: bool) -> None:
        self._notes.append(f"{self._name} recovers restart={is_restart}")

    async def stop(self, reason: str) -> None:
        self._notes.append(f"{self._name} stops: {reason}")

    def _on_live(self, event: StreamWentLive) -> None:
        self._notes.append(f"{self._name} is live at {event.at_ms}")


class Broken(Service):
    """A service that fails to stop."""

    async def stop(self, _: str) -> None:
        raise RuntimeError("a bug")


class Later(Pager):
    """A later one in the list, so it stops first."""

    async def stop(self, reason: str) -> None:
        await super().stop(f"{reason}, first")


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def worlds_with(stack: AsyncExitStack, folder: Path, *more: ServiceFactory) -> Worlds:
    """The emulator's own services, and more entries of the list."""
    worlds = await make_worlds(stack, folder, standing_clock(), SETTINGS, more)
    await worlds.open_default(":memory:", "none")
    return worlds


def go_live(platform: Platform) -> None:
    world = platform.world
    user = accounts.make(world, "ada", api_key="")
    stream = streams.create(world, user, StreamPatch({"title": "Tea"}))
    streams.go_live(world, stream.id)


async def test_service_is_one_class_and_one_line(
    stack: AsyncExitStack, tmp_path: Path, notes: list[str]
) -> None:
    # Given a new kind of service in the list: each world makes its own instance when needed,
    worlds = await worlds_with(stack, tmp_path, lambda at: Pager(at.world, notes))
    other = worlds.make("other", "none")
    assert notes == []
    assert other.service(Pager) is not worlds.default.service(Pager)
    assert notes == ["other starts", "default starts"]

    # that receives only this world's events,
    notes.clear()
    go_live(other)
    assert notes == [f"other is live at {other.world.now_ms}"]

    # continues with a restored snapshot's state, and starts empty after a reset,
    notes.clear()
    snapshots.save(other, "live")
    await snapshots.restore(other, "live")
    await snapshots.reset(other)
    assert notes == [
        "other stops: its world was restored",
        "other starts",
        "other recovers restart=False",
        "other stops: its world was reset",
        "other starts",
    ]

    # and stops with its world, and with the process.
    notes.clear()
    await worlds.drop("other")
    await worlds.stop("the test is over")
    assert notes == ["other stops: its world was dropped", "default stops: the test is over"]


async def test_services_stop_in_reverse_even_where_one_fails(
    stack: AsyncExitStack, tmp_path: Path, notes: list[str]
) -> None:
    worlds = await worlds_with(
        stack,
        tmp_path,
        lambda at: Pager(at.world, notes),
        lambda _: Broken(),
        lambda at: Later(at.world, notes),
    )
    worlds.default.make_services()
    assert notes == ["default starts"] * 2

    notes.clear()
    with pytest.raises(RuntimeError, match="a bug"):
        await worlds.default.stop("enough")
    assert notes == ["default stops: enough, first", "default stops: enough"]


async def test_services_receive_the_first_event_that_created_them(
    stack: AsyncExitStack, tmp_path: Path, notes: list[str]
) -> None:
    worlds = await worlds_with(stack, tmp_path, lambda at: Pager(at.world, notes))
    go_live(worlds.default)
    assert notes == ["default starts", f"default is live at {worlds.default.world.now_ms}"]


async def test_services_receive_an_event_before_later_subscribers(
    stack: AsyncExitStack, tmp_path: Path, notes: list[str]
) -> None:
    worlds = await worlds_with(stack, tmp_path, lambda at: Pager(at.world, notes))
    worlds.default.bus.subscribe({StreamWentLive: lambda _: notes.append("a run hears it")})
    go_live(worlds.default)
    assert notes[0] == "default starts"
    assert notes[-1] == "a run hears it"
    assert len(notes) == 3


async def test_services_that_were_never_needed_are_not_created_for_a_stop(
    stack: AsyncExitStack, tmp_path: Path, notes: list[str]
) -> None:
    worlds = await worlds_with(stack, tmp_path, lambda at: Pager(at.world, notes))
    worlds.make("other", "none")
    await worlds.drop("other")
    worlds.say_goodbye("the test is over")
    await worlds.stop("the test is over")
    assert notes == []


async def test_services_are_made_at_once_for_a_webhook_of_the_settings(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    url = "http://127.0.0.1:9/hook"
    settings = SETTINGS.changed(webhook=url)
    worlds = await make_worlds(stack, tmp_path, standing_clock(), settings)
    await worlds.open_default(":memory:", "none")
    assert [target.url for target in targets.of(worlds.default.world)] == [url]


async def test_publishers_are_refused_once_the_server_stops(
    stack: AsyncExitStack, tmp_path: Path
) -> None:
    worlds = await worlds_with(stack, tmp_path)
    worlds.say_goodbye("the emulator stops")

    with pytest.raises(Refused, match="The emulator stops") as refusal:
        worlds.directory.authorize(PublishRequest("key", "rtmp", "1.2.3.4:5", "obs"), print)
    assert refusal.value.code == "unavailable"
    await worlds.stop("the test is over")
