"""Streams for tests of the world, made in one call, with any number of viewers."""

from typing import Any

from emulator.world.audience import attendance
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.world import World


def make(world: World, title: str, *, by: str = "", **patch: Any) -> Stream:
    """An offline stream of the user `by`, created if missing; without `by`, of a new user."""
    name = by or f"user{world.store.number('SELECT count(*) FROM users')}"
    owner = accounts.by_api_key(world, f"ak_auto_{name}")
    return streams.create(world, owner, StreamPatch({"title": title, **patch}))


def live(world: World, title: str, *, viewers: int = 0, by: str = "", **patch: Any) -> Stream:
    """A live stream with this many simulated viewers."""
    stream = streams.start(world, make(world, title, by=by, **patch))
    if viewers:
        watch(world, stream, viewers)
    return streams.find(world, stream.id)


def watch(world: World, stream: Stream, viewers: int) -> None:
    """Set the number of the stream's simulated viewers."""
    attendance.simulate(world, stream, viewers)


def titles(listed: list[Stream]) -> list[str]:
    return [stream.title for stream in listed]
