"""`/_emulator/events`: everything that happened in this world, by pages or as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, TypedDict

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.worlds import WorldReplaced
from emulator.platform.platform import Platform
from emulator.shapes.times import iso
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.store import events
from emulator.world.store.events import Journalled

_STREAM = "text/event-stream"
_BATCH = 500
_KEEP_ALIVE_SECONDS = 15


class EventQuery(Request):
    """`after`: the last `seq` that was seen. `kind` is an event's name, such as `StreamEnded`."""

    after: int = Field(0, ge=0, le=CURSOR_MAX)
    limit: int = Field(100, ge=1, le=1000)
    kind: str | None = Field(None, min_length=1, max_length=100)


class EventShape(TypedDict):
    seq: int
    at: str
    kind: str
    values: dict[str, Any]


class EventPage(TypedDict):
    """`next_cursor` is what `after` takes for the next page."""

    world: str
    events: list[EventShape]
    next_cursor: int
    has_more: bool


@endpoint("GET", "/events", downloads=(_STREAM,))
def list_events(call: Call, query: EventQuery) -> EventPage | Response:
    """Read the world's event log; with `Accept: text/event-stream`, as it goes on."""
    if _STREAM in call.accept:
        return StreamingResponse(
            _lines(call.platform, _heard_up_to(call) or query.after, query.kind),
            media_type=_STREAM,
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
    journalleds = events.read(
        call.world.store, after=query.after, count=query.limit + 1, kind=query.kind
    )
    shown = journalleds[: query.limit]
    return {
        "world": call.world.name,
        "events": [event_shape(journalled) for journalled in shown],
        "next_cursor": shown[-1].seq if shown else query.after,
        "has_more": len(journalleds) > query.limit,
    }


def _heard_up_to(call: Call) -> int:
    """Where a stream goes on that broke off: a browser's says so by itself (HTML, 9.2.4)."""
    text = call.last_event_id
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


async def _lines(platform: Platform, after: int, kind: str | None) -> AsyncIterator[str]:
    """The events since `after`, and then each event at once, until the world is replaced.

    The journal is read again at each event, so a slow reader costs no memory and misses nothing.
    """
    news = asyncio.Event()
    is_over = False

    def end(_: WorldReplaced) -> None:
        nonlocal is_over
        is_over = True
        news.set()

    def wake(_: Event | Burst) -> None:
        news.set()

    unsubscribe = platform.bus.subscribe({Event: wake, Burst: wake, WorldReplaced: end})
    try:
        yield ": the world's events\n\n"
        while not is_over:
            news.clear()
            journalleds = events.read(platform.world.store, after=after, count=_BATCH, kind=kind)
            for journalled in journalleds:
                after = journalled.seq
                data = json.dumps(
                    event_shape(journalled), ensure_ascii=False, separators=(",", ":")
                )
                yield f"id: {journalled.seq}\nevent: {journalled.kind}\ndata: {data}\n\n"
            if len(journalleds) < _BATCH and not await _heard(news):
                yield ": nothing new\n\n"
    finally:
        unsubscribe()


async def _heard(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
            return await news.wait()
    except TimeoutError:
        return False


def event_shape(event: Journalled) -> EventShape:
    """An event as the admin API shows it."""
    return {"seq": event.seq, "at": iso(event.at_ms), "kind": event.kind, "values": event.values}
