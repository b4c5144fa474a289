"""Injector: starts the faults of a plan in one world, each at its moment, and says what it saw."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.faults import FaultStarted, FaultStopped, FaultStruck
from emulator.exploration.plan import PlannedFault
from emulator.platform.platform import Platform
from emulator.world.faults.fault import Fault
from emulator.world.faults.faults import Active
from emulator.world.faults.reading import FaultRequest

_OWN = (FaultStarted, FaultStruck, FaultStopped)
# Of a possible strike: the kind of fault, and method, operation, file and webhook where it has one.
Aim = tuple[str, str, str, str, str]


class Injector:
    """For the event loop's thread. `close` ends its faults and hears nothing more.

    `uses` counts what could have been struck (kind and aim), `events` what happened.
    """

    def __init__(self, platform: Platform, plan: Sequence[PlannedFault]) -> None:
        self._world = platform.world
        self._plan = plan
        self.uses: Counter[Aim] = Counter()
        self.events: Counter[str] = Counter()
        self._started: dict[int, Active[Fault]] = {}
        self._timers: list[Timer] = []
        self._unsubscribe: Callable[[], None] = platform.bus.subscribe({Event: self._on_event})
        self._world.faults.observer = self._observe
        for number, planned in enumerate(plan):
            if not planned.event:
                self._start_later(number, planned, {})

    @property
    def struck(self) -> list[int]:
        """How often each fault of the plan has struck."""
        return [
            self._started[number].struck if number in self._started else 0
            for number in range(len(self._plan))
        ]

    def close(self) -> None:
        self._unsubscribe()
        self._world.faults.observer = None
        for timer in self._timers:
            timer.cancel()
        if not self._world.store.is_closed:
            self._world.faults.clear()

    def _observe(self, kind: type[Fault], facts: Mapping[str, str]) -> None:
        method, operation = facts.get("method", ""), facts.get("operation", "")
        aim = (kind.kind, method, operation, facts.get("what", ""), facts.get("event", ""))
        self.uses[aim] += 1

    def _on_event(self, event: Event) -> None:
        if isinstance(event, _OWN):
            return
        name = type(event).__name__
        self.events[name] += 1
        for number, planned in enumerate(self._plan):
            if planned.event == name and planned.nth == self.events[name]:
                values = {"stream": str(getattr(event, "stream_id", ""))}
                self._start_later(number, planned, values)

    def _start_later(self, number: int, planned: PlannedFault, values: dict[str, str]) -> None:
        """Never in the middle of the change that is heard of: its facts come first."""
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
            self._started[number] = self._world.faults.start(request)
        except Refused as refused:
            if refused is self._world.store.failure:
                raise


def _aimed(request: FaultRequest, values: dict[str, str]) -> FaultRequest:
    """At the stream of the event that it begins at, where it names none."""
    fault: Any = request.fault
    if getattr(fault, "stream", None) == "" and values.get("stream"):
        fault = replace(fault, stream=values["stream"])
        return replace(request, fault=fault)
    return request
