"""`/_emulator/live`: one connection that tells a page of new events and requests.

A page has little room for them, so messages are few too: the first change is sent at once, all
changes of the next fifth of a second in one message, of a flood only the newest events.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TypedDict

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.worlds import ServerStopping, WorldReplaced
from emulator.platform.platform import Platform
from emulator.web.admin.events import EventShape, event_shape
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.store import events

_STREAM = "text/event-stream"
# The most events of one message.
_EVENTS_MAX = 200
_GAP_SECONDS = 0.2
_KEEP_ALIVE_SECONDS = 15


class LiveQuery(Request):
    """`after` is the `seq` of the last event that was read.

    Without it, only new events are sent.
    """

    after: int | None = Field(None, ge=0, le=CURSOR_MAX)


class News(TypedDict):
    """One message with the newest events since the previous one.

    `skipped` is the number of older events that are left out, `kinds` are the kinds of all of them.
    `last_request` is the `seq` of the world's last request.
    """

    world: str
    events: list[EventShape]
    kinds: list[str]
    skipped: int
    last_seq: int
    last_request: int


@endpoint("GET", "/live", downloads=(_STREAM,))
def follow_world(call: Call, query: LiveQuery) -> Response:
    """Follow a world as a page does: server-sent messages of its events and its last request."""
    last_seq = events.last_seq(call.world.store)
    after = last_seq if query.after is None else min(query.after, last_seq)
    return StreamingResponse(
        _messages(call.platform, after),
        media_type=_STREAM,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _messages(platform: Platform, after: int) -> AsyncIterator[str]:
    """Yield messages: the first with the current state, the others with what is new."""
    changed, over = asyncio.Event(), asyncio.Event()

    def end(_: WorldReplaced | ServerStopping) -> None:
        over.set()
        changed.set()

    def wake(_: Event | Burst) -> None:
        changed.set()

    requests = platform.shared.requests
    unsubscribe = platform.bus.subscribe(
        {Event: wake, Burst: wake, WorldReplaced: end, ServerStopping: end}
    )
    unwatch = requests.watch(platform.world.name, changed.set)
    try:
        while not over.is_set():
            changed.clear()
            news = _news(platform, after)
            after = news["last_seq"]
            data = json.dumps(news, ensure_ascii=False, separators=(",", ":"))
            yield f"id: {after}\nevent: news\ndata: {data}\n\n"
            await _is_set(over, _GAP_SECONDS)
            while not await _is_set(changed, _KEEP_ALIVE_SECONDS):
                yield ": nothing new\n\n"
    finally:
        unwatch()
        unsubscribe()


def _news(platform: Platform, after: int) -> News:
    store, name = platform.world.store, platform.world.name
    last_seq = events.last_seq(store)
    first = max(after, last_seq - _EVENTS_MAX)
    newest = events.read(store, after=first, count=_EVENTS_MAX)
    return {
        "world": name,
        "events": [event_shape(event) for event in newest],
        "kinds": events.kinds(store, after=after),
        "skipped": first - after,
        "last_seq": last_seq,
        "last_request": platform.shared.requests.last_seq_of(name),
    }


async def _is_set(event: asyncio.Event, within_seconds: float) -> bool:
    try:
        async with asyncio.timeout(within_seconds):
            return await event.wait()
    except TimeoutError:
        return False
