"""`/_emulator/events`: all events of this world, by pages or live."""

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
    """`after` is the last `seq` that was read. `kind` is an event's name, such as `StreamEnded`.

    `text` is part of an event's name or values; case is ignored. With `order=newest` pages go back
    in time, and `before` takes the `next_cursor` of the previous page. These two have no effect on
    an event stream.
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
    """`next_cursor` is the `after` of the next page, or its `before` with `order=newest`.

    With a `text` a page may be short, because one request looks at no more than 20,000 events.
    """

    world: str
    events: list[EventShape]
    next_cursor: int
    has_more: bool


@endpoint("GET", "/events", downloads=(_STREAM,))
def list_events(call: Call, query: EventQuery) -> EventPage | Response:
    """Read the world's event log; with `Accept: text/event-stream`, follow it live."""
    if _STREAM in call.accept:
        return StreamingResponse(
            _lines(call.platform, _last_event_id(call) or query.after, query.kind),
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


def _last_event_id(call: Call) -> int:
    """Return where an interrupted event stream continues; browsers send it (HTML, 9.2.4)."""
    text = call.last_event_id
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


async def _lines(platform: Platform, after: int, kind: str | None) -> AsyncIterator[str]:
    """Yield the events after `after`, and then each new event at once.

    They end when the world is replaced or the server stops. The journal is read again at each
    event, so a slow reader costs no memory and misses nothing.
    """
    changed = asyncio.Event()
    is_over = is_stopping = False

    def end(_: WorldReplaced) -> None:
        nonlocal is_over
        is_over = True
        changed.set()

    def stop(_: ServerStopping) -> None:
        nonlocal is_stopping
        is_stopping = True
        changed.set()

    def wake(_: Event | Burst) -> None:
        changed.set()

    unsubscribe = platform.bus.subscribe(
        {Event: wake, Burst: wake, WorldReplaced: end, ServerStopping: stop}
    )
    try:
        yield ": the world's events\n\n"
        while not is_over:
            changed.clear()
            batch = events.read(platform.world.store, after=after, count=_BATCH, kind=kind)
            for event in batch:
                after = event.seq
                data = json.dumps(event_shape(event), ensure_ascii=False, separators=(",", ":"))
                yield f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n"
            is_whole = len(batch) < _BATCH
            # All events were sent, and the stopping server would wait for this request.
            if is_whole and is_stopping:
                return
            if is_whole and not await _is_set(changed):
                yield ": nothing new\n\n"
    finally:
        unsubscribe()


async def _is_set(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
            return await changed.wait()
    except TimeoutError:
        return False


def events_of(world: World, ranges: Sequence[Range], count: int) -> list[EventShape]:
    """Return the first `count` events in these ranges of numbers."""
    shapes: list[EventShape] = []
    for first, last in ranges:
        number = min(last - first + 1, count - len(shapes))
        if number <= 0:
            break
        shapes += map(event_shape, events.read(world.store, after=first - 1, count=number))
    return shapes


def event_shape(event: JournalEvent) -> EventShape:
    """Return an event as the admin API shows it."""
    return {"seq": event.seq, "at": iso(event.at_ms), "kind": event.kind, "values": event.values}
