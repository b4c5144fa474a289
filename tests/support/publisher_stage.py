"""Publishers without sockets: a world, its broadcasts and media store, on a clock that only the
test moves.

The media is the built-in publisher's own picture and sound.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from emulator.core.bus import Bus
from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.core.events.live import (
    StreamEnded,
)
from emulator.media.broadcast.broadcasts import Broadcasts
from emulator.media.broadcast.config import BroadcastConfig
from emulator.media.hls.config import MediaStoreConfig
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.ingest.authorizer import PublishRequest
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.synthetic import SyntheticBroadcast
from emulator.world.live import streams
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.publisher import tags_until

WINDOW_MS = 10_000
# The first picture comes after this time: the audio before it is the encoder's priming.
PRIMED_MS = 21


@cache
def picture(seconds: int) -> tuple[Tag, ...]:
    """This many seconds of the built-in publisher's picture and sound."""
    settings = PublishConfig(width=160, height=90, video_kbits=100)
    return tuple(tags_until(SyntheticBroadcast(settings, ManualClock()), seconds * 1000))


def is_header(tag: Tag) -> bool:
    """Whether it is metadata or a codec's configuration (FLV 10.1, E.4.2 and E.4.3)."""
    return tag.kind == "script" or tag.payload[1] == 0


@dataclass(frozen=True)
class Stage:
    """A world, its broadcasts, and all events that it published."""

    world: World
    broadcasts: Broadcasts
    media_store: MediaStore
    clock: ManualClock
    heard: list[Event]

    def create(self, title: str = "Launch night") -> Stream:
        user = accounts.make(self.world, f"user{len(self.heard)}", api_key="")
        return streams.create(self.world, user, StreamPatch({"title": title}))

    def now(self, stream: Stream) -> Stream:
        return streams.find(self.world, stream.id)

    def hls_stream(self, stream: Stream) -> HlsStream:
        return self.media_store.find(stream.uid)

    def heard_of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.heard if type(event) is kind]

    def ended_once(self, stream: Stream) -> StreamEnded:
        """The event that ended the stream; there must be exactly one."""
        [ended] = [event for event in self.heard if isinstance(event, StreamEnded)]
        assert ended.stream_id == stream.id
        return ended


class Publisher:
    """One publisher's connection. `messages` has the reasons with which the platform dropped it."""

    def __init__(self, stage: Stage, key: str, peer: str = "192.0.2.1:5000") -> None:
        self.messages: list[str] = []
        self._stage = stage
        publish_request = PublishRequest(key, "rtmp", peer, "test")
        self._sink = stage.broadcasts.authorize(publish_request, self.messages.append)

    def send(self, seconds: int = 2) -> "Publisher":
        """Send this many seconds of media, each tag at its time."""
        began_ms = self._stage.clock.now_ms()
        for tag in picture(seconds):
            self._stage.clock.advance(
                max(0, began_ms + tag.timestamp_ms - self._stage.clock.now_ms())
            )
            self._sink.receive([tag])
        return self

    def send_tags(self, tags: Iterable[Tag]) -> "Publisher":
        """Send tags at once."""
        for tag in tags:
            self._sink.receive([tag])
        return self

    def send_headers(self) -> "Publisher":
        for tag in picture(1):
            if is_header(tag):
                self._sink.receive([tag])
        return self

    def leave(self, reason: str = "the publisher stopped") -> None:
        self._sink.close(reason)


@asynccontextmanager
async def staged(
    folder: Path, clock: ManualClock, heard: list[Event], rules: RulesConfig
) -> AsyncIterator[Stage]:
    """Open a stage, and close everything at the end."""
    bus = Bus()
    rules = replace(rules, reconnect_window_ms=WINDOW_MS)
    world = World(clock=clock, publish=bus.publish, rules=rules)
    media_store = MediaStore(folder, MediaStoreConfig(segment_ms=1000, part_ms=200))
    broadcasts = Broadcasts(world, media_store, BroadcastConfig())
    bus.subscribe({Event: heard.append})
    bus.subscribe(broadcasts.handlers())
    with closing(world):
        yield Stage(world, broadcasts, media_store, clock, heard)
        await media_store.close()
