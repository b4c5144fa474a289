"""EventMatcher: counts the world's events during a run, matches them with `on`, and hashes them.

The event log of a run is canonical JSON, one line per event, with times from the run's start: the
same run gives the same bytes.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatEvent, ChatHeld, ChatPosted, LinesPosted
from emulator.core.events.worlds import WorldReplaced
from emulator.scenario.engine.run import Run, find_stream, find_user, find_vod
from emulator.scenario.facts import conditions
from emulator.scenario.facts.run import count_key
from emulator.scenario.language import happenings
from emulator.scenario.language.scenario import On, Step, asked_of
from emulator.world.store.events import bodies_in, entries, last_seq
from emulator.world.store.journal import JournalEntry

# The largest number of triggered steps that wait; of more, the last ones are kept.
EVENTS_MAX = 10_000
_BATCH = 1_000
# The names in a filter, and the field with the id in an event.
_NAMED: dict[str, tuple[str, Callable[[Run, Any], Any]]] = {
    "stream": ("stream_id", find_stream),
    "user": ("user_id", find_user),
    "vod": ("vod_id", find_vod),
}


class EventMatcher:
    """Matches the events of one run. `handlers` are for the bus; `take` returns triggered steps.

    `is_void`: the world was replaced, which ends the run and its `log`.
    """

    def __init__(self, run: Run, log: "EventLog", wake: Callable[[], None]) -> None:
        self.is_void = False
        self._log = log
        self._run = run
        self._wake = wake
        self._waiting: dict[type[Event], list[tuple[Step, On]]] = {}
        # The filtered events that an expectation counts, each under its key.
        self._counting: dict[type[Event], dict[str, Mapping[str, Any]]] = {}
        self._triggered: deque[Step] = deque(maxlen=EVENTS_MAX)
        for step in run.scenario.steps:
            if isinstance(step.trigger, On) and not step.is_off:
                kind = happenings.kinds()[step.trigger.event]
                self._waiting.setdefault(kind, []).append((step, step.trigger))

        for path, raw in asked_of(run.scenario):
            noun, _, name = path.partition(".")
            where, _ = conditions.split(raw)
            if noun == "events" and where:
                kind = happenings.kinds()[name]
                self._counting.setdefault(kind, {})[count_key(name, where)] = where

    def handlers(self) -> Handlers:
        return {
            Event: self._on_event,
            LinesPosted: self._on_lines,
            WorldReplaced: self._on_replaced,
        }

    def _on_replaced(self, event: WorldReplaced) -> None:
        self.is_void = True
        self._log.end()
        self._on_event(event)

    def _on_event(self, event: Event) -> None:
        kind = type(event)
        self._run.count(f"event/{kind.__name__}")
        if isinstance(event, ChatEvent):
            self._count_lines(kind, event.stream_id, 1)
        for key, where in self._counting.get(kind, {}).items():
            if self._matches(event, where):
                self._run.count(key)
        for step, on in self._waiting.get(kind, ()):
            if self._matches(event, on.filter):
                self._triggered.append(step)
        self._wake()

    def _on_lines(self, burst: LinesPosted) -> None:
        """Handle many lines at once."""
        if burst.kind in self._waiting or burst.kind in self._counting:
            for event in burst:
                self._on_event(event)
            return
        count = len(burst)
        self._run.count(f"event/{burst.kind.__name__}", count)
        self._count_lines(burst.kind, burst.stream_id, count)
        self._wake()

    @property
    def has_triggered(self) -> bool:
        return bool(self._triggered)

    def take(self) -> list[Step]:
        """Return the steps whose event has come since the last call, in order."""
        triggered = list(self._triggered)
        self._triggered.clear()
        return triggered

    def _count_lines(self, kind: type[Event], stream_id: str, count: int) -> None:
        if kind is ChatPosted:
            self._run.count(f"chat.posted/{stream_id}", count)
        elif kind is ChatHeld:
            self._run.count(f"chat.held/{stream_id}", count)

    def _matches(self, event: Event, wanted: Mapping[str, Any]) -> bool:
        return all(self._is(event, key, value) for key, value in wanted.items())

    def _is(self, event: Event, key: str, wanted: Any) -> bool:
        try:
            if key in _NAMED:
                name, find = _NAMED[key]
                return bool(getattr(event, name) == find(self._run, wanted).id)
        except Refused:
            return False  # It does not exist yet, so no event is about it.
        return conditions.parse("any", wanted).holds(getattr(event, key))


class EventLog:
    """Hashes and writes the events of a run's world as they are journalled, until `end`."""

    def __init__(self, run: Run, write: Callable[[str], object] | None) -> None:
        self.count = 0
        self._run = run
        self._write = write
        self._seq = last_seq(run.world.store)
        self._hash = hashlib.sha256()
        # Lines that are not hashed yet.
        self._lines: list[str] = []
        self._unfollow: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Take what was journalled since the run was made, and all that follows."""
        store = self._run.world.store
        for row in entries(store, after=self._seq):
            self._add(row.at_ms, row.kind, row.bodies)
        self._unfollow = store.follow(self._take)

    def end(self) -> None:
        self._unfollow()
        self._hash_lines()

    @property
    def log_hash(self) -> str:
        self._hash_lines()
        return self._hash.hexdigest()

    def write_down(self) -> None:
        """Write the lines so far, if anybody reads them."""
        if self._write is not None and self._lines:
            self._hash_lines()

    def _take(self, written: list[JournalEntry]) -> None:
        for _, at_ms, kind, body in written:
            self._add(at_ms, kind, bodies_in(body))

    def _add(self, at_ms: int, kind: str, bodies: list[str]) -> None:
        start = f'{{"at":{at_ms - self._run.began_ms},"kind":"{kind}","seq":'
        self._lines += [
            f'{start}{number},"values":{body}}}\n'
            for number, body in enumerate(bodies, self.count + 1)
        ]
        self.count += len(bodies)
        # Writing waits for `write_down`: it may fail, and that must not fail the change.
        if len(self._lines) >= _BATCH and self._write is None:
            self._hash_lines()

    def _hash_lines(self) -> None:
        text = "".join(self._lines)
        self._lines.clear()
        self._hash.update(text.encode())
        if self._write is not None:
            self._write(text)
