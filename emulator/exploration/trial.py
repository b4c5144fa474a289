"""Trials: one run of the command each, with a plan of faults, beside an emulator that stays warm.

Between two runs the emulator is reset: its world is as its seed has it, and nothing is broken.
"""

import json
import logging
import os
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, convert, to_builtins

from emulator.exploration import command
from emulator.exploration.plan import Written, parse
from emulator.ready import environment

if TYPE_CHECKING:
    from emulator.exploration.injector import Injector
    from emulator.server import Emulator

Result = Literal["passed", "failed", "endless", "unstartable"]
# So much later than the machine's, a world's clock would surprise the next run.
_AHEAD_MS_MAX = 500
_REQUESTS_BEFORE, _REQUESTS_AFTER = 10, 10
# Named by both sides: where a suite that has emulators of its own reads its plan and says its uses.
PLAN_VARIABLE = "LIVE_EMULATOR_PLAN"
USES_VARIABLE = "LIVE_EMULATOR_USES"


class Setup(Struct, frozen=True):
    """What all runs share. `flags` are those of the settings, as `settings.gather` takes them.

    `is_own`: the command is a test suite that starts emulators of its own, by the pytest plugin.
    `is_fresh`: each run has a new emulator, rather than one that was reset.
    """

    command: list[str]
    flags: dict[str, Any]
    variables: list[tuple[str, str]]
    is_own: bool = False
    is_fresh: bool = False


class Order(Struct, frozen=True):
    """One run: its plan, and how long it may take."""

    plan: list[Written]
    limit_ms: int


class Use(Struct, frozen=True):
    """That faults of a kind could have struck so often: at an operation, a file or a webhook."""

    kind: str
    method: str
    operation: str
    what: str
    event: str
    count: int


class Outcome(Struct, frozen=True):
    """How a run went. `struck` says how often each fault of its plan has struck.

    What only failures need is empty of others: `lines` are the last that the command printed,
    `requests` those around the faults. `uses` and `events` are there without a plan alone.
    """

    result: Result
    status: int | None = None
    duration_ms: int = 0
    struck: list[int] = []
    left: bool = False
    lines: list[str] = []
    requests: list[str] = []
    uses: list[Use] = []
    events: dict[str, int] = {}

    @property
    def has_failed(self) -> bool:
        return self.result != "passed"


class Trials:
    """A worker's performer (`parallel.work`): one run at a time."""

    def __init__(self, setup: bytes) -> None:
        self._setup = convert(json.loads(setup), Setup)
        self._lock = threading.Lock()
        self._emulator: Emulator | None = None
        self._running = ExitStack()

    def perform(self, order: Any) -> Any:
        wanted = convert(order, Order)
        with self._lock:
            try:
                run = self._run_own if self._setup.is_own else self._run_beside
                return to_builtins(run(wanted))
            except command.CannotStart as failure:
                return to_builtins(Outcome("unstartable", lines=[str(failure)]))

    def close(self) -> None:
        self._stop()
        logging.disable(logging.NOTSET)

    def _stop(self) -> None:
        self._running.close()
        self._emulator = None

    def _run_beside(self, order: Order) -> Outcome:
        emulator = self._ready()
        injector = emulator.wait(_begin(emulator, order.plan))
        try:
            run = self._command(emulator.ready, {}, order.limit_ms)
            return _outcome(order, run, emulator.call(lambda: _seen(emulator, injector)))
        finally:
            emulator.call(injector.close)
            if self._setup.is_fresh or _is_strange(emulator):
                self._stop()

    def _run_own(self, order: Order) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="live-emulator-") as folder:
            plan, uses = Path(folder, "plan.json"), Path(folder, "uses.jsonl")
            plan.write_text(json.dumps(order.plan), "utf-8")
            uses.touch()
            variables = {PLAN_VARIABLE: str(plan), USES_VARIABLE: str(uses)}
            run = self._command(None, variables, order.limit_ms)
            seen = [
                convert(json.loads(line), Seen)
                for line in uses.read_text("utf-8").split("\n")
                if line
            ]
        return _outcome(order, run, total(seen, len(order.plan)))

    def _ready(self) -> "Emulator":
        from emulator.server import running
        from emulator.settings import gather

        if self._emulator is not None:
            self._emulator.wait(_reset(self._emulator))
            return self._emulator
        settings = gather(self._setup.flags, os.environ)
        served: AbstractContextManager[Emulator] = running(settings)
        self._emulator = self._running.enter_context(served)
        return self._emulator

    def _command(
        self, ready: Mapping[str, Any] | None, variables: dict[str, str], limit_ms: int
    ) -> command.CommandRun:
        own = dict(os.environ)
        if ready is not None:
            own |= environment(ready, os.environ)
            own |= {name: text.format_map(ready) for name, text in self._setup.variables}
        return command.run(self._setup.command, own | variables, limit_ms)


def trials(setup: bytes) -> Trials:
    """What a worker prepares. What is broken on purpose there is nothing for its log."""
    logging.disable(logging.CRITICAL)
    return Trials(setup)


class Seen(Struct):
    """What a world, or several, saw of a run."""

    struck: list[int]
    requests: list[str]
    uses: list[Use]
    events: dict[str, int]


def total(seen: Sequence[Seen], faults: int) -> Seen:
    """Of all worlds of a run. The requests are those of the first world with a struck fault."""
    struck = [sum(one.struck[number] for one in seen) for number in range(faults)]
    marked = [one.requests for one in seen if any(one.struck)] or [one.requests for one in seen]
    counts: dict[Use, int] = {}
    events: dict[str, int] = {}
    for one in seen:
        for use in one.uses:
            key = Use(use.kind, use.method, use.operation, use.what, use.event, 0)
            counts[key] = counts.get(key, 0) + use.count
        for name, count in one.events.items():
            events[name] = events.get(name, 0) + count
    uses = [
        Use(key.kind, key.method, key.operation, key.what, key.event, count)
        for key, count in counts.items()
    ]
    return Seen(struck, marked[0] if marked else [], uses, events)


def seen_of(injector: "Injector", requests: list[str]) -> Seen:
    """What one world saw."""
    uses = [
        Use(kind, method, operation, what, event, count)
        for (kind, method, operation, what, event), count in injector.uses.items()
    ]
    return Seen(injector.struck, requests, uses, dict(injector.events))


async def _begin(emulator: "Emulator", plan: list[Written]) -> "Injector":
    from emulator.exploration.injector import Injector

    return Injector(emulator.platform, parse(plan))


async def _reset(emulator: "Emulator") -> None:
    from emulator.platform import snapshots

    for platform in emulator.worlds.all():
        if platform is not emulator.platform:
            await emulator.worlds.drop(platform.world.name)
    for name in list(emulator.platform.snapshots):
        await snapshots.drop(emulator.platform, name)
    await snapshots.reset(emulator.platform)


def _is_strange(emulator: "Emulator") -> bool:
    """Whether the next run would see that there was one before."""
    return abs(emulator.platform.clock.ahead_ms) > _AHEAD_MS_MAX


def _seen(emulator: "Emulator", injector: "Injector") -> Seen:
    return seen_of(injector, requests_around(emulator.platform.shared.requests, "default"))


def requests_around(log: Any, world: str) -> list[str]:
    """The requests of a world around the first that a fault answered; the last if there is none."""
    from emulator.web.http.request_line import is_of_a_fault, request_line

    entries, _ = log.find(lambda entry: entry.world == world, after=0, count=2**31)
    first = next((n for n, entry in enumerate(entries) if is_of_a_fault(entry)), len(entries))
    around = entries[max(0, first - _REQUESTS_BEFORE) : first + _REQUESTS_AFTER]
    return [request_line(log, entry) for entry in around]


def _outcome(order: Order, run: command.CommandRun, seen: Seen) -> Outcome:
    result: Result = "endless" if run.status is None else "failed" if run.status else "passed"
    has_failed = result != "passed"
    learns = not order.plan
    return Outcome(
        result,
        run.status,
        run.duration_ms,
        struck=seen.struck,
        left=run.left,
        lines=run.lines if has_failed else [],
        requests=seen.requests if has_failed else [],
        uses=seen.uses if learns else [],
        events=seen.events if learns else {},
    )
