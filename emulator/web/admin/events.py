"""`/_emulator/events`: everything that happened in this world, by pages or as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal, TypedDict

from pydantic import Field
from starlette.responses import Response, StreamingResponse

from emulator.core.causes import Range
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.worlds import ServerStopping, WorldReplaced
from emulator.platform.platform import Platform
from emulator.shapes.times import iso
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.store import events
from emulator.world.store.events import JournalEvent
from emulator.world.world import World

_STREAM = "text/event-stream"
_BATCH = 500
_KEEP_ALIVE_SECONDS = 15


class EventQuery(Request):
    """`after`: the last `seq` that was seen. `kind` is an event's name, such as `StreamEnded`.

    `text` is a part of an event's name or values, upper and lower case alike. With `order=newest`
    pages go back in time, and `before` takes the `next_cursor` of the page before. These two are
    not for a stream of events.
    """

    after: int = Field(0, ge=0, le=CURSOR_MAX)
    before: int = Field(CURSOR_MAX, ge=1, le=CURSOR_MAX)
    order: Literal["oldest", "newest"] = "oldest"
    text: str = Field("", max_length=200)
    limit: int = Field(100, ge=1, le=1000)
    kind: str | None = Field(None, min_length=1, max_length=100)


class EventShape(TypedDict):
    seq: int
    at: str
    kind: str
    values: dict[str, Any]


class EventPage(TypedDict):
    """`next_cursor` is what `after` takes for the next page, or `before` with `order=newest`.

    With a `text` a page may be short, since one request looks at 20,000 events at most.
    """

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
    before = query.before if query.order == "newest" else None
    page, cursor = events.search(
        call.world.store,
        count=query.limit,
        after=query.after,
        before=before,
        kind=query.kind,
        text=query.text,
    )
    end = query.after if before is None else before
    return {
        "world": call.world.name,
        "events": [event_shape(event) for event in page],
        "next_cursor": cursor or (page[-1].seq if page else end),
        "has_more": cursor is not None,
    }


def _heard_up_to(call: Call) -> int:
    """Where a stream goes on that broke off: a browser's says so by itself (HTML, 9.2.4)."""
    text = call.last_event_id
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


async def _lines(platform: Platform, after: int, kind: str | None) -> AsyncIterator[str]:
    """The events since `after`, and then each event at once, until the world is replaced or the
    server stops.

    The journal is read again at each event, so a slow reader costs no memory and misses nothing.
    """
    news = asyncio.Event()
    is_over = is_stopping = False

    def end(_: WorldReplaced) -> None:
        nonlocal is_over
        is_over = True
        news.set()

    def stop(_: ServerStopping) -> None:
        nonlocal is_stopping
        is_stopping = True
        news.set()

    def wake(_: Event | Burst) -> None:
        news.set()

    unsubscribe = platform.bus.subscribe(
        {Event: wake, Burst: wake, WorldReplaced: end, ServerStopping: stop}
    )
    try:
        yield ": the world's events\n\n"
        while not is_over:
            news.clear()
            batch = events.read(platform.world.store, after=after, count=_BATCH, kind=kind)
            for event in batch:
                after = event.seq
                data = json.dumps(event_shape(event), ensure_ascii=False, separators=(",", ":"))
                yield f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n"
            is_whole = len(batch) < _BATCH
            # All that there is has been told, and a stop would wait for this request.
            if is_whole and is_stopping:
                return
            if is_whole and not await _heard(news):
                yield ": nothing new\n\n"
    finally:
        unsubscribe()


async def _heard(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
            return await news.wait()
    except TimeoutError:
        return False


def events_of(world: World, ranges: Sequence[Range], count: int) -> list[EventShape]:
    """The first `count` of the events in these ranges of numbers."""
    shapes: list[EventShape] = []
    for first, last in ranges:
        number = min(last - first + 1, count - len(shapes))
        if number <= 0:
            break
        shapes += map(event_shape, events.read(world.store, after=first - 1, count=number))
    return shapes


def event_shape(event: JournalEvent) -> EventShape:
    """An event as the admin API shows it."""
    return {"seq": event.seq, "at": iso(event.at_ms), "kind": event.kind, "values": event.values}
