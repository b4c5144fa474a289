"""Fold: a run's figures, kept while it plays, at a cost that does not grow with its length."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct, field

from emulator.core.bus import Handlers
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.chat import ChatPosted, LinesPosted
from emulator.core.events.faults import FaultStarted, FaultStopped
from emulator.core.events.live import StreamCreated, StreamEnded, StreamWentLive
from emulator.scenario.engine.results import Broken, Judged, Noted, Result, StepDone
from emulator.scenario.engine.runner import Runner
from emulator.scenario.output.moments import Moments
from emulator.scenario.output.series import Series
from emulator.scenario.output.spans import Spans

Outcome = Literal["passed", "failed", "stopped", "broken"]

# The report of a run that repeats a step for a day lists its first steps and counts the others.
STEPS_REPORTED_MAX = 5_000
NOTES_REPORTED_MAX = 1_000
_LATENESS_REPORTED_MAX = 10_000
# A stream's two curves take 10 kB: only this many streams of a scenario have their own.
STREAMS_REPORTED_MAX = 50


class StreamSeries(Struct):
    """The curves of one stream."""

    viewers: Series = field(default_factory=lambda: Series("max"))
    lines: Series = field(default_factory=lambda: Series("sum"))


class Fold(Struct):
    """Collects a run's figures from events (`handlers`), results (`take`) and samples (`look`)."""

    runner: Runner
    steps: list[StepDone] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    notes: list[Noted] = field(default_factory=list)
    broken: Broken | None = None
    turns: Counter[str] = field(default_factory=Counter)
    viewers: Series = field(default_factory=lambda: Series("max"))
    lines: Series = field(default_factory=lambda: Series("sum"))
    # The curves of viewers and lines by the stream's id.
    streams: dict[str, "StreamSeries"] = field(default_factory=dict)
    states: Spans = field(default_factory=Spans)
    faults: Spans = field(default_factory=Spans)
    moments: Moments = field(default_factory=Moments)
    lateness_ms: list[int] = field(default_factory=list)
    look_again_ms: int = 0
    wrong_steps: int = 0
    watching: int = 0
    most_watching: int = 0
    lines_said: int = 0

    def handlers(self) -> Handlers:
        """Return the bus's handlers: one for every event, and one for bursts of lines."""
        own: dict[type[Event], Callable[[Any], None]] = {
            ChatPosted: self._on_line,
            StreamCreated: self._on_created,
            StreamWentLive: self._on_live,
            StreamEnded: self._on_ended,
            FaultStarted: self._on_fault_started,
            FaultStopped: self._on_fault_stopped,
        }

        def on_event(event: Event) -> None:
            self.moments.take(event)
            handle = own.get(type(event))
            if handle is not None:
                handle(event)

        return {Event: on_event, LinesPosted: self._on_lines}

    def _on_line(self, event: ChatPosted) -> None:
        self._add_lines(event.stream_id, self._offset_ms(event), 1)

    def _on_lines(self, burst: LinesPosted) -> None:
        self.moments.take_burst(burst)
        if burst.kind is ChatPosted:
            self._add_lines(burst.stream_id, self._offset_ms(burst), len(burst))

    def _on_created(self, event: StreamCreated) -> None:
        self.states.begin(event.stream_id, event.stream_id, "offline", self._offset_ms(event))

    def _on_live(self, event: StreamWentLive) -> None:
        self.states.begin(event.stream_id, event.stream_id, "live", self._offset_ms(event))

    def _on_ended(self, event: StreamEnded) -> None:
        self.states.end(event.stream_id, max(0, self._offset_ms(event)))

    def _on_fault_started(self, event: FaultStarted) -> None:
        self.faults.begin(event.fault_id, event.kind, "fault", self._offset_ms(event))

    def _on_fault_stopped(self, event: FaultStopped) -> None:
        self.faults.end(event.fault_id, self._offset_ms(event))

    def _offset_ms(self, fact: Event | Burst) -> int:
        """Return the time of an event after the run's start, in milliseconds."""
        return fact.at_ms - self.runner.run.began_ms

    def look(self) -> int:
        """Sample the viewers of the scenario's streams; return the milliseconds to the next."""
        run, now_ms = self.runner.run, self.runner.clock_ms
        if now_ms < self.look_again_ms:
            return self.look_again_ms - now_ms
        self.look_again_ms = now_ms + self.viewers.interval_ms // 2
        viewers = run.world.viewers
        self.watching = 0
        for stream_id in run.streams.values():
            count = viewers.count(stream_id)
            self.watching += count
            if series := self._series(stream_id):
                series.viewers.add(now_ms, count)
        self.most_watching = max(self.most_watching, self.watching)
        self.viewers.add(now_ms, self.watching)
        return self.viewers.interval_ms // 2

    def _add_lines(self, stream_id: str, at_ms: int, count: int) -> None:
        self.lines.add(at_ms, count)
        self.lines_said += count
        if series := self._series(stream_id):
            series.lines.add(at_ms, count)

    def _series(self, stream_id: str) -> StreamSeries | None:
        """Return a stream's curves; None if the scenario does not name it, or for too many."""
        series = self.streams.get(stream_id)
        if series is not None or len(self.streams) >= STREAMS_REPORTED_MAX:
            return series
        if stream_id in self.runner.run.streams.values():
            series = self.streams[stream_id] = StreamSeries()
        return series

    def take(self, result: Result) -> None:
        if isinstance(result, StepDone):
            self._take_step(result)
        elif isinstance(result, Judged):
            self.judged.append(result)
            if not result.is_met:
                self.moments.keep_around()
        elif isinstance(result, Noted):
            if len(self.notes) < NOTES_REPORTED_MAX:
                self.notes.append(result)
        elif self.broken is None or result.is_failure:
            self.broken = result

    @property
    def outcome(self) -> Outcome:
        if self.broken is not None and self.broken.is_failure:
            return "broken"
        if self.wrong_steps or any(not judged.is_met for judged in self.judged):
            return "failed"
        return "stopped" if self.broken is not None else "passed"

    @property
    def is_fine(self) -> bool:
        """Whether its command exits with 0: nothing was missed, even if the run was stopped."""
        return self.outcome in ("passed", "stopped")

    def _take_step(self, step: StepDone) -> None:
        self.turns[step.step.name] += step.outcome != "never-began"
        self.wrong_steps += not step.is_ok
        # Failures are always listed, no matter how many steps there are.
        if len(self.steps) < STEPS_REPORTED_MAX or not step.is_ok:
            self.steps.append(step)
        if step.planned_ms is None or step.started_ms is None:
            return
        if len(self.lateness_ms) < _LATENESS_REPORTED_MAX:
            self.lateness_ms.append(step.started_ms - step.planned_ms)


def percentiles(values: list[int]) -> dict[str, Any]:
    """Return the median, 95th and 99th percentile and maximum; empty if there are no values."""
    if not values:
        return {}
    ordered = sorted(values)
    return {
        name: ordered[min(len(ordered) - 1, len(ordered) * share // 100)]
        for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
    }
