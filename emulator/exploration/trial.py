"""Trials: each is one run of the command with a plan of faults, on an emulator that keeps running.

Between two runs the emulator is reset: its world is back at its seed, without faults.
"""

import logging
import os
import pickle
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from platform import node
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, convert, to_builtins

from emulator.core.errors import Refused
from emulator.exploration import command
from emulator.exploration.plan import Written
from emulator.exploration.sightings import Seen, Use, elsewhere, total
from emulator.ready import environment
from emulator.settings import Settings
from emulator.world.faults.plans import parse

if TYPE_CHECKING:
    from emulator.exploration.injector import WorldsInjector
    from emulator.server import Emulator

# `lost`: every worker that ran it died before the run ended.
Result = Literal["passed", "failed", "endless", "lost"]
# A world's clock that is this far ahead of the machine's would disturb the next run.
_AHEAD_MS_MAX = 500


class Setup(Struct, frozen=True):
    """The set-up that all runs share. The command runs in `folder`, which every worker must have.

    `machine` is the one that writes the report. `is_own`: the command is a test suite that starts
    its own emulators by the pytest plugin. `is_fresh`: each run gets a new emulator instead of one
    that was reset.
    """

    command: list[str]
    folder: str
    machine: str
    settings: Settings
    variables: list[tuple[str, str]]
    is_own: bool = False
    is_fresh: bool = False

    def pack(self) -> bytes:
        """The set-up as bytes, for a worker of the same version on any machine."""
        return pickle.dumps(self)


class Order(Struct, frozen=True):
    """One run to make: its plan, and its time limit."""

    plan: list[Written]
    limit_ms: int


class Outcome(Struct, frozen=True):
    """The outcome of a run. `struck` has the strikes of each fault of its plan.

    Only failed runs have `lines`, the last that the command printed, and `requests`, those around
    the faults. Only runs without a plan have `uses` and `events`.
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
        return self.result in ("failed", "endless")


class Trials:
    """A worker's performer (`parallel.work`): one run at a time."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._lock = threading.Lock()
        self._emulator: Emulator | None = None
        self._running = ExitStack()

    def perform(self, order: Any) -> Any:
        """Make one run. Refuses (`unavailable`) a command that cannot be started here."""
        wanted = convert(order, Order)
        with self._lock:
            run = self._run_own if self._setup.is_own else self._run_beside
            return to_builtins(run(wanted))

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
            # For a pytest suite, too, although its plugin starts its own emulator.
            with elsewhere(order.plan) as others:
                run = self._command(emulator.ready, others.environment, order.limit_ms)
                seen = emulator.call(injector.seen) + others.seen()
            return _outcome(order, run, total(seen, len(order.plan)))
        finally:
            emulator.call(injector.close)
            if self._setup.is_fresh or _is_strange(emulator):
                self._stop()

    def _run_own(self, order: Order) -> Outcome:
        with elsewhere(order.plan) as others:
            run = self._command(None, others.environment, order.limit_ms)
            return _outcome(order, run, total(others.seen(), len(order.plan)))

    def _ready(self) -> "Emulator":
        from emulator.server import running

        if self._emulator is not None:
            self._emulator.wait(_reset(self._emulator))
            return self._emulator
        served: AbstractContextManager[Emulator] = running(self._setup.settings)
        self._emulator = self._running.enter_context(served)
        return self._emulator

    def _command(
        self, ready: Mapping[str, Any] | None, variables: dict[str, str], limit_ms: int
    ) -> command.CommandRun:
        own = dict(os.environ)
        if ready is not None:
            own |= environment(ready, os.environ)
            own |= {name: text.format_map(ready) for name, text in self._setup.variables}
        setup = self._setup
        folder = Path(setup.folder)
        where = "" if setup.machine == node() else f" on {node()}"
        if not folder.is_dir():
            more = "the command runs in it on each worker: share the folder, or copy it there"
            raise Refused("unavailable", f"There is no folder {folder}{where}; {more}.")
        try:
            return command.run(setup.command, folder, own | variables, limit_ms)
        except OSError as error:
            text = f"{setup.command[0]} cannot be started{where}: {error.strerror}."
            raise Refused("unavailable", text) from None


def trials(setup: bytes) -> Trials:
    """Make a worker's performer. The log stays silent, since errors there are injected."""
    logging.disable(logging.CRITICAL)
    return Trials(pickle.loads(setup))


async def _begin(emulator: "Emulator", plan: list[Written]) -> "WorldsInjector":
    from emulator.exploration.injector import WorldsInjector

    return WorldsInjector(emulator.worlds, parse(plan))


async def _reset(emulator: "Emulator") -> None:
    from emulator.platform import snapshots

    for platform in emulator.worlds.all():
        if platform is not emulator.platform:
            await emulator.worlds.drop(platform.world.name)
    for name in list(emulator.platform.snapshots):
        await snapshots.drop(emulator.platform, name)
    await snapshots.reset(emulator.platform)


def _is_strange(emulator: "Emulator") -> bool:
    """Whether the next run could notice the one before, although the emulator was reset."""
    return abs(emulator.platform.clock.ahead_ms) > _AHEAD_MS_MAX


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
