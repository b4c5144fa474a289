"""Streams with recordings, made by the world's own functions."""

from collections.abc import Callable
from typing import Any

import pytest

from emulator.core.clock import ManualClock
from emulator.world.library import recordings
from emulator.world.library.recordings import Quality, Vod
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people.accounts import User
from emulator.world.world import World

HD = Quality("720p", 1280, 720, 2_500_000)
Record = Callable[..., tuple[Stream, Vod]]


@pytest.fixture
def record(world: World, clock: ManualClock) -> Record:
    """A stream that ran for this many seconds, and its VOD, ready."""

    def record(owner: User, *, seconds: float = 120, **patch: Any) -> tuple[Stream, Vod]:
        stream = streams.create(world, owner, StreamPatch({"title": "A title", **patch}))
        streams.go_live(world, stream.id)
        clock.advance(round(1000 * seconds))
        ended = streams.end(world, streams.find(world, stream.id))
        assert ended.vod_id is not None
        recordings.mark_ready(world, ended.vod_id, round(1000 * seconds), (HD,))
        return ended, recordings.find(world, ended.vod_id)

    return record
