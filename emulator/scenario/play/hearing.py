"""Hearing: what happens in the world during a run: counted, matched with `on`, hashed.

The event log of a run is canonical JSON, a line an event, its times counted from the run's start:
the same evening gives the same bytes.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatEvent, ChatHeld, ChatPosted
from emulator.core.events.worlds import WorldReplaced
from emulator.scenario.facts import conditions
from emulator.scenario.language import happenings
from emulator.scenario.language.scenario import On, Step
from emulator.scenario.stage import Evening, find_stream, find_user, find_vod
from emulator.world.store.events import last_seq

# So many events of one kind may wait to be looked at; a flood of more has long made its point.
HEARD_MAX = 10_000
_BATCH = 1_000
# What a filter says by a name of the scenario, and an event by an id.
_NAMED: dict[str, tuple[str, Callable[[Evening, Any], Any]]] = {
    "stream": ("stream_id", find_stream),
    "user": ("user_id", find_user),
    "vod": ("vod_id", find_vod),
}


class Hearing:
    """For one run. `hear` is the bus's listener; `take` gives the steps that were called up."""

    def __init__(self, evening: Evening, wake: Callable[[], None]) -> None:
        self.is_void = False
        self._evening = evening
        self._wake = wake
        self._waiting: dict[type[Event], list[tuple[Step, On]]] = {}
        self._called: deque[Step] = deque(maxlen=HEARD_MAX)
        for step in evening.scenario.steps:
            if isinstance(step.trigger, On) and not step.is_off:
                kind = happenings.kinds()[step.trigger.event]
                self._waiting.setdefault(kind, []).append((step, step.trigger))

    def hear(self, event: Event) -> None:
        counts, kind = self._evening.counts, type(event)
        name = f"event/{kind.__name__}"
        counts[name] = counts.get(name, 0) + 1
        if isinstance(event, ChatEvent):
            self._count_line(event)
        elif kind is WorldReplaced:
            self.is_void = True
        for step, on in self._waiting.get(kind, ()):
            if self._matches(event, on.filter):
                self._called.append(step)
        self._wake()

    @property
    def has_called(self) -> bool:
        return bool(self._called)

    def take(self) -> list[Step]:
        """The steps whose event has come since the last call, in order."""
        called = list(self._called)
        self._called.clear()
        return called

    def _count_line(self, event: ChatEvent) -> None:
        counts = self._evening.counts
        if isinstance(event, ChatPosted):
            name = f"chat.posted/{event.stream_id}"
        elif isinstance(event, ChatHeld):
            name = f"chat.held/{event.stream_id}"
        else:
            return
        counts[name] = counts.get(name, 0) + 1

    def _matches(self, event: Event, wanted: Mapping[str, Any]) -> bool:
        return all(self._is(event, key, value) for key, value in wanted.items())

    def _is(self, event: Event, key: str, wanted: Any) -> bool:
        try:
            if key in _NAMED:
                name, find = _NAMED[key]
                return bool(getattr(event, name) == find(self._evening, wanted).id)
        except Refused:
            return False  # It is not there yet, so nothing has happened to it.
        return conditions.parse("any", wanted).holds(getattr(event, key))


class EventLog:
    """The run's events, hashed and written as they come. Reads the journal in batches."""

    def __init__(self, evening: Evening, write: Callable[[str], object] | None = None) -> None:
        self.count = 0
        self._evening = evening
        self._write = write
        self._seq = last_seq(evening.world.store)
        self._hash = hashlib.sha256()

    @property
    def log_hash(self) -> str:
        return self._hash.hexdigest()

    def follow(self) -> None:
        """Take in what the journal has got since the last call."""
        while True:
            rows = self._evening.world.store.rows(
                "SELECT seq, at_ms, kind, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
                self._seq,
                _BATCH,
            )
            began_ms, count = self._evening.began_ms, self.count
            lines = [
                f'{{"at":{row[1] - began_ms},"kind":"{row[2]}","seq":{count + number},'
                f'"values":{row[3]}}}\n'
                for number, row in enumerate(rows, 1)
            ]
            if lines:
                self.count += len(lines)
                self._seq = rows[-1][0]
                text = "".join(lines)
                self._hash.update(text.encode())
                if self._write:
                    self._write(text)
            if len(rows) < _BATCH:
                return
