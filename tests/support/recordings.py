"""Streams that were published for a few seconds and have ended, with their VOD."""

import asyncio
from functools import cache
from typing import Any

from emulator.core.clock import ManualClock
from emulator.core.events import Event
from emulator.media.ingest.authorizer import PublishRequest
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.synthetic import SyntheticBroadcast
from emulator.server import Emulator
from tests.support.live_server import PATIENCE_SECONDS
from tests.support.publisher import tags_until
from tests.support.rest import Caller, create

VOD = {
    "id",
    "stream_id",
    "user_id",
    "title",
    "description",
    "status",
    "duration",
    "duration_exact",
    "thumbnail_url",
    "video_url",
    "mp4_url",
    "cloudflare_video_id",
    "playback_url",
    "view_count",
    "visibility",
    "is_nsfw",
    "content_warning",
    "chapters",
    "qualities",
    "stream",
    "user",
    "created_at",
    "ready_at",
}
CHAPTER = {
    "id",
    "vod_id",
    "title",
    "description",
    "start_time_seconds",
    "end_time_seconds",
    "thumbnail_url",
    "is_ai_generated",
    "confidence_score",
}
CLIP = {
    "id",
    "stream_id",
    "user_id",
    "title",
    "start_time",
    "end_time",
    "duration",
    "video_url",
    "thumbnail_url",
    "view_count",
    "user",
    "stream",
    "status",
    "created_at",
}


@cache
def picture(seconds: int) -> tuple[Tag, ...]:
    """A small picture of bars with a clock, and a tone."""
    settings = PublishConfig(width=160, height=90, video_kbits=100)
    return tuple(tags_until(SyntheticBroadcast(settings, ManualClock()), 1000 * seconds))


def publish(emulator: Emulator, stream: dict[str, Any], seconds: int) -> None:
    """Send this many seconds of media to a stream at once; the publisher stays connected."""
    publish_request = PublishRequest(stream["stream_key"], "rtmp", "192.0.2.1:5000", "test")
    sink = emulator.worlds.directory.authorize(publish_request, lambda _: None)
    for tag in picture(seconds):
        sink.receive([tag])


async def heard(emulator: Emulator, kind: type[Event], act: Any, world: str = "default") -> Any:
    """Await `act`, wait for an event of this kind, and return the result of `act`."""
    has_come = asyncio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, kind):
            has_come.set()

    forget = emulator.worlds.find(world).bus.subscribe({Event: hear})
    try:
        result = await act
        await asyncio.wait_for(has_come.wait(), timeout=PATIENCE_SECONDS)
    finally:
        forget()
    return result


async def record(
    emulator: Emulator, call: Caller, key: str = "ak_demo", *, seconds: int = 3, **body: Any
) -> dict[str, Any]:
    """Create, publish and end a stream; return it once its VOD is ready."""
    from emulator.core.events.library import VodReady

    stream = await create(call, key, **body)
    publish(emulator, stream, seconds)
    world = key.partition("@")[2] or "default"
    await heard(emulator, VodReady, call("POST", f"/streams/{stream['id']}/end", key), world)
    ended: dict[str, Any] = (await call("GET", f"/streams/id/{stream['id']}", key)).json()
    return ended
