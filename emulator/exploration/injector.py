"""Injectors: start a plan's faults in worlds, each at its moment, and record what happened."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.faults import FaultStarted, FaultStopped, FaultStruck
from emulator.core.events.worlds import WorldReplaced
from emulator.exploration.sightings import Seen, Use
from emulator.platform.platform import Platform
from emulator.platform.request_log import RequestLog
from emulator.platform.worlds import Worlds
from emulator.world.faults.fault import Fault
from emulator.world.faults.faults import Active
from emulator.world.faults.plans import PlannedFault
from emulator.world.faults.reading import FaultRequest

_OWN = (FaultStarted, FaultStruck, FaultStopped)
_REQUESTS_BEFORE, _REQUESTS_AFTER = 10, 10
# A possible strike: the kind of fault, then the method, operation, file and webhook, or "".
Aim = tuple[str, str, str, str, str]


class WorldsInjector:
    """Injects a plan into every world of a process, also into worlds that are made later.

    For the event loop's thread. `close` ends all of its faults.
    """

    def __init__(self, worlds: Worlds, plan: Sequence[PlannedFault]) -> None:
        self._worlds = worlds
        self._plan = plan
        self._injectors: list[Injector] = []
        # The sightings of worlds that were dropped.
        self._over: list[Seen] = []
        for platform in worlds.all():
            self._attach(platform)
        worlds.when_opened.append(self._attach)

    def seen(self) -> list[Seen]:
        """The sightings of each world, dropped worlds first."""
        return self._over + [injector.seen() for injector in self._injectors]

    def close(self) -> None:
        self._worlds.when_opened.remove(self._attach)
        for injector in self._injectors:
            injector.close()

    def _attach(self, platform: Platform) -> None:
        over = [injector for injector in self._injectors if injector.is_over]
        self._over += [injector.seen() for injector in over]
        self._injectors = [injector for injector in self._injectors if injector not in over]
        self._injectors.append(Injector(platform, self._plan))


class Injector:
    """Injects a plan into one world. For the event loop's thread.

    The plan begins again when the world is reset or restored. `uses` counts the calls and media
    that faults could have struck, by kind and aim; `events` counts the world's events. Each count
    is the largest one between two resets. `close` ends the faults and stops counting.
    """

    def __init__(self, platform: Platform, plan: Sequence[PlannedFault]) -> None:
        self._platform = platform
        self._world = platform.world
        self._plan = plan
        self._actives: list[tuple[int, Active[Fault]]] = []
        self._timers: list[Timer] = []
        self._requests: list[str] = []
        # The world's time when the first fault struck.
        self._struck_ms: int | None = None
        self._uses_before: Counter[Aim] = Counter()
        self._events_before: Counter[str] = Counter()
        self._uses: Counter[Aim] = Counter()
        self._events: Counter[str] = Counter()
        self._is_closed = False
        self._unsubscribe: Callable[[], None] = platform.bus.subscribe({Event: self._on_event})
        platform.when_left.append(self._leave)
        self._world.faults.observer = self._observe
        self._begin()

    @property
    def is_over(self) -> bool:
        """Whether its world was dropped."""
        return self._world.store.is_closed

    @property
    def struck(self) -> list[int]:
        """The number of times that each fault of the plan has struck."""
        counts = [0] * len(self._plan)
        for number, active in self._actives:
            counts[number] += active.struck
        return counts

    @property
    def uses(self) -> Counter[Aim]:
        return self._uses_before | self._uses

    @property
    def events(self) -> Counter[str]:
        return self._events_before | self._events

    def seen(self) -> Seen:
        """The sightings so far, with the requests around the first one that was struck."""
        uses = [Use(*aim, count=count) for aim, count in self.uses.items()]
        requests = self._requests or self._requests_now()
        return Seen(self.struck, requests, uses, dict(self.events))

    def close(self) -> None:
        self._is_closed = True
        self._unsubscribe()
        self._cancel()
        with suppress(ValueError):
            self._platform.when_left.remove(self._leave)
        self._world.faults.observer = None
        if not self._world.store.is_closed:
            self._world.faults.clear()

    def _begin(self) -> None:
        """Start the faults of the plan that begin at once."""
        for number, planned in enumerate(self._plan):
            if not planned.event:
                self._start_later(number, planned, {})

    def _leave(self) -> None:
        """Keep the requests and counts before the world's facts, and with them its faults, go."""
        if not self._requests and any(self.struck):
            self._requests = self._requests_now()
        self._uses_before, self._events_before = self.uses, self.events
        self._uses, self._events = Counter(), Counter()
        self._cancel()

    def _begin_again(self) -> None:
        if not self._is_closed and not self._world.store.is_closed:
            self._begin()

    def _cancel(self) -> None:
        while self._timers:
            self._timers.pop().cancel()

    def _requests_now(self) -> list[str]:
        log, world = self._platform.shared.requests, self._world.name
        return requests_around(log, world, self._struck_ms)

    def _observe(self, kind: type[Fault], facts: Mapping[str, str]) -> None:
        method, operation = facts.get("method", ""), facts.get("operation", "")
        aim = (kind.kind, method, operation, facts.get("what", ""), facts.get("event", ""))
        self._uses[aim] += 1

    def _on_event(self, event: Event) -> None:
        if isinstance(event, FaultStruck) and self._struck_ms is None:
            self._struck_ms = event.at_ms
        if isinstance(event, _OWN):
            return
        if isinstance(event, WorldReplaced):
            # The new facts are put in place right after this event.
            asyncio.get_running_loop().call_soon(self._begin_again)
            return
        name = type(event).__name__
        self._events[name] += 1
        for number, planned in enumerate(self._plan):
            if planned.event == name and planned.nth == self._events[name]:
                values = {"stream": str(getattr(event, "stream_id", ""))}
                self._start_later(number, planned, values)

    def _start_later(self, number: int, planned: PlannedFault, values: dict[str, str]) -> None:
        """Start a fault with a timer, so that the change behind the event is complete first."""
        due_ms = self._world.now_ms + planned.after_ms
        if not planned.after_ms and not planned.event:
            self._start(number, _aimed(planned.request, values))
            return
        self._timers.append(
            self._world.clock.call_at(
                due_ms, lambda: self._start(number, _aimed(planned.request, values))
            )
        )

    def _start(self, number: int, request: FaultRequest) -> None:
        try:
            self._actives.append((number, self._world.faults.start(request)))
        except Refused as refused:
            if refused is self._world.store.failure:
                raise


def requests_around(log: RequestLog, world: str, struck_ms: int | None) -> list[str]:
    """The requests of a world around the first one that a fault answered.

    If no fault answered one, those around the instant at which a fault struck something else, or
    the last ones.
    """
    from emulator.web.http.request_line import is_of_a_fault, request_line

    entries, _ = log.find(lambda entry: entry.world == world, after=0, count=2**31)
    answered = (n for n, entry in enumerate(entries) if is_of_a_fault(entry))
    since_ms = math.inf if struck_ms is None else struck_ms
    later = (n for n, entry in enumerate(entries) if entry.at_ms >= since_ms)
    first = next(answered, next(later, len(entries)))
    around = entries[max(0, first - _REQUESTS_BEFORE) : first + _REQUESTS_AFTER]
    return [request_line(log, entry) for entry in around]


def _aimed(request: FaultRequest, values: dict[str, str]) -> FaultRequest:
    """The fault with the stream of its event, if it names no stream itself."""
    fault: Any = request.fault
    if getattr(fault, "stream", None) == "" and values.get("stream"):
        fault = replace(fault, stream=values["stream"])
        return replace(request, fault=fault)
    return request
