"""Runs: scenarios that are played on this server: started, watched, stopped, remembered."""

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from emulator.core.clock import monotonic_ms, wall_ns
from emulator.core.errors import Refused
from emulator.core.world_clock import WorldClock
from emulator.platform.platform import Platform
from emulator.platform.scenario_server import server_of
from emulator.scenario.engine.results import Broken
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.runner import Runner
from emulator.scenario.language.scenario import Scenario
from emulator.scenario.output.document import document, so_far
from emulator.scenario.output.fold import Fold, Outcome

log = logging.getLogger(__name__)

# A virtual run begins at this instant: 2026-01-01, 18:00 UTC. So its log is the same each time.
BEGINS_MS = 1_767_290_400_000
VIRTUAL = 0.0
REMEMBERED_MAX = 100
AT_ONCE_MAX = 20
# A step of a run on a running clock gives up after so much of the world's time without a change.
_STEP_MAX_MS = 86_400_000

WhichWorld = Literal["own", "this"]


class RunRequest(Struct, frozen=True, kw_only=True):
    """What is to be played, and how. A `speed` of `VIRTUAL` (0) jumps, 1 is the machine's pace.

    `ends_ms` ends it so long after its start. `folder` is where its films are, empty where it came
    without. `write` takes the event log as it grows. `name` is the scenario's in the library, empty
    for another. One that `is_paused` stands behind its first instant.
    """

    scenario: Scenario
    speed: float = VIRTUAL
    seed: int | None = None
    world: WhichWorld = "own"
    is_kept: bool = False
    ends_ms: int | None = None
    folder: str = ""
    write: Callable[[str], object] | None = None
    name: str = ""
    is_paused: bool = False


class RunFigures(Struct, frozen=True, kw_only=True):
    """What a list of runs says of one: as it stands, or as it ended."""

    seed: int
    outcome: Outcome
    clock_ms: int
    planned_ms: int | None
    under_way: tuple[str, ...]
    viewers: int
    lines: int
    met: int
    missed: int


class Playing(Struct, frozen=True):
    """What a run needs as long as it goes on: its world hangs on it."""

    runner: Runner
    fold: Fold

    def figures(self) -> RunFigures:
        runner, fold = self.runner, self.fold
        met = sum(judged.is_met for judged in fold.judged)
        return RunFigures(
            seed=runner.run.seed,
            outcome=fold.outcome,
            clock_ms=runner.clock_ms,
            planned_ms=runner.planned_ms,
            under_way=tuple(step_run.step.name for step_run in runner.under_way),
            viewers=fold.watching,
            lines=fold.lines_said,
            met=met,
            missed=len(fold.judged) - met,
        )


class RunRecord(Struct, kw_only=True):
    """One run. `report` is there once it is over, and then little else: `playing` is not."""

    id: str
    order: RunRequest
    world: str
    playing: Playing | None
    ended: RunFigures | None = None
    began_at_ms: int = field(default_factory=lambda: wall_ns() // 1_000_000)
    began_ms: int = field(default_factory=monotonic_ms)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    report: dict[str, Any] | None = None

    @property
    def runner(self) -> Runner:
        """Of a run that goes on."""
        return self._playing().runner

    @property
    def fold(self) -> Fold:
        """Of a run that goes on."""
        return self._playing().fold

    @property
    def figures(self) -> RunFigures:
        return self._playing().figures() if self.ended is None else self.ended

    @property
    def is_paused(self) -> bool:
        """Its time stands until it may go on."""
        if self.report is not None:
            return False
        run = self.runner.run
        return self.runner.pause.is_on if run.is_virtual else run.clock.speed == 0

    @property
    def share(self) -> float | None:
        """How much of it is over, 0 to 1; None for one without an end."""
        if self.report is not None:
            return 1.0
        planned_ms = self.runner.planned_ms
        if planned_ms is None:
            return None
        return min(0.99, self.runner.clock_ms / max(1, planned_ms))

    @property
    def remaining_seconds(self) -> float | None:
        """Of the machine's time; None where nobody knows."""
        if self.report is not None:
            return 0.0
        planned_ms, share, speed = self.runner.planned_ms, self.share, self.order.speed
        if planned_ms is None or not share or self.is_paused:
            return None
        if speed != VIRTUAL:
            return max(0, planned_ms - self.runner.clock_ms) / 1000 / speed
        return (monotonic_ms() - self.began_ms) / 1000 * (1 - share) / share

    def so_far(self) -> dict[str, Any]:
        """Its report, or what there is of it yet."""
        if self.report is not None:
            return self.report
        return so_far(self.fold, clock=self.clock, wall_ms=monotonic_ms() - self.began_ms)

    @property
    def clock(self) -> str:
        speed = self.order.speed
        return "virtual" if speed == VIRTUAL else "real" if speed == 1 else f"{speed:g}x"

    def end(self) -> None:
        """It is over: write its report, and let go of all that it was made of."""
        wall_ms = monotonic_ms() - self.began_ms
        self.report = document(self.fold, clock=self.clock, wall_ms=wall_ms)
        self.ended, self.playing = self.figures, None
        bare = replace(self.order.scenario, steps=(), expectations=(), files={}, text="")
        self.order = replace(self.order, scenario=bare, write=None)

    def _playing(self) -> Playing:
        if self.playing is None:
            raise RuntimeError(f"the run {self.id} is over")
        return self.playing


class Runs:
    """The runs of one process, the oldest first; of those that are over the last are kept."""

    def __init__(
        self,
        make_world: Callable[[str, str, WorldClock], Platform],
        drop_world: Callable[[str], Coroutine[Any, Any, None]],
        tasks: asyncio.TaskGroup,
    ) -> None:
        """`make_world` takes a name, a seed and a clock. `drop_world` takes a name."""
        self._make = make_world
        self._drop = drop_world
        self._tasks = tasks
        self._entries: OrderedDict[str, RunRecord] = OrderedDict()
        self._numbers = itertools.count(1)

    def all(self) -> list[RunRecord]:
        return list(self._entries.values())

    def find(self, run_id: str) -> RunRecord:
        """Refuses (`not_found`) an unknown one, or one that was forgotten."""
        run_record = self._entries.get(run_id)
        if run_record is None:
            raise Refused("not_found", f"There is no run {run_id[:64]}.")
        return run_record

    def forget(self, run_id: str) -> None:
        """Let go of a run that is over, whose report somebody has."""
        if self.find(run_id).report is not None:
            del self._entries[run_id]

    def start(self, order: RunRequest, platform: Platform) -> RunRecord:
        """Begin to play, in `platform`'s world or in one of its own.

        Refuses (`conflict`) a second run in the same world, and more than `AT_ONCE_MAX`,
        (`invalid`) a time to begin for a world that is there already.
        """
        going_on = [entry for entry in self._entries.values() if entry.report is None]
        if len(going_on) >= AT_ONCE_MAX:
            raise Refused("conflict", f"{len(going_on)} scenarios are being played. Wait for one.")
        number = next(self._numbers)
        if order.world == "this" and order.scenario.begins_ms is not None:
            raise Refused("invalid", "begins sets the clock of a world of the run's own, not this.")
        if order.world == "own":
            platform = self._make_world(order, number)
        elif any(run_record.world == platform.world.name for run_record in going_on):
            raise Refused("conflict", "A scenario is being played in this world already.")
        entry = self._entry(order, platform, f"run-{number}")
        self._entries[entry.id] = entry
        self._tasks.create_task(self._play(entry, platform))
        self._forget()
        return entry

    async def pause(self, run_id: str) -> RunRecord:
        """Let a run stand where it is. Refuses (`conflict`) one that is over."""
        entry = self._going_on(run_id)
        if entry.runner.run.is_virtual:
            entry.runner.pause.begin()
            await entry.runner.pause.until_standing()
        else:
            await entry.runner.run.clock.set(0)
        return entry

    async def resume(self, run_id: str) -> RunRecord:
        """Let a run go on. Refuses (`conflict`) one that is over."""
        entry = self._going_on(run_id)
        if entry.runner.run.is_virtual:
            entry.runner.pause.end()
        else:
            await entry.runner.run.clock.set(entry.order.speed)
        return entry

    async def step(self, run_id: str, duration_ms: int | None = None) -> RunRecord:
        """Let a run go on for a while, or to its next change, and stand again.

        A change is a step that begins or ends, or an expectation that is judged. Refuses
        (`conflict`) a run that is over.
        """
        entry = self._going_on(run_id)
        runner = entry.runner
        clock, changes, began_ms = runner.run.clock, runner.changes, runner.clock_ms

        def is_reached() -> bool:
            if duration_ms is not None:
                return runner.clock_ms >= began_ms + duration_ms
            return runner.changes > changes

        if runner.run.is_virtual:
            if duration_ms is not None:
                clock.call_at(clock.now_ms() + duration_ms, lambda: None)
            runner.pause.begin(is_reached)
            await runner.pause.until_standing()
            return entry
        await clock.set(0)
        if duration_ms is not None:
            await clock.pass_time(duration_ms)
            return entry
        while entry.report is None and clock.next_due_ms() is not None and not is_reached():
            await clock.pass_to_next()
            if runner.clock_ms > began_ms + _STEP_MAX_MS:
                break
        return entry

    def _going_on(self, run_id: str) -> RunRecord:
        entry = self.find(run_id)
        if entry.report is not None:
            raise Refused("conflict", f"The run {entry.id} is over. Start it again.")
        return entry

    async def stop(self, reason: str) -> None:
        """End all of them, and wait for their reports."""
        going_on = [entry for entry in self.all() if entry.playing is not None]
        for entry in going_on:
            entry.runner.stop(reason)
        for entry in going_on:
            await entry.done.wait()

    def _make_world(self, order: RunRequest, number: int) -> Platform:
        begins_ms = order.scenario.begins_ms
        if order.speed == VIRTUAL:
            clock = WorldClock(BEGINS_MS if begins_ms is None else begins_ms, VIRTUAL)
        else:
            clock = WorldClock(begins_ms)
        seed = order.scenario.world.seed
        return self._make(f"scenario-{number}", seed, clock)

    def _entry(self, order: RunRequest, platform: Platform, run_id: str) -> RunRecord:
        seed = order.scenario.seed if order.seed is None else order.seed
        run = Run(
            world=platform.world,
            clock=platform.clock,
            scenario=order.scenario,
            server=server_of(platform),
            folder=order.folder,
            seed=seed,
            is_own_world=order.world == "own",
            is_virtual=order.speed == VIRTUAL,
        )
        runner = Runner(run, platform.bus.subscribe, write=order.write, ends_ms=order.ends_ms)
        fold = Fold(runner)
        runner.look = fold.look
        if order.is_paused:
            runner.pause.begin()
        return RunRecord(
            id=run_id, order=order, world=platform.world.name, playing=Playing(runner, fold)
        )

    async def _play(self, entry: RunRecord, platform: Platform) -> None:
        clock, before = platform.clock, platform.clock.speed
        unsubscribe = platform.bus.subscribe(entry.fold.handlers())
        try:
            await clock.set(VIRTUAL if entry.order.is_paused else entry.order.speed)
            async for result in entry.runner.play():
                entry.fold.take(result)
        except Exception as error:  # A task's root: one run's failure is not the server's.
            log.exception("a run failed run=%s", entry.id)
            reason = f"{type(error).__name__}: {error}"
            entry.fold.take(Broken(entry.runner.clock_ms, reason, is_failure=True))
        finally:
            unsubscribe()
            entry.end()
            if entry.order.world == "this":
                await clock.set(before)
            elif not entry.order.is_kept:
                await self._drop(entry.world)
            entry.done.set()

    def _forget(self) -> None:
        over = [entry.id for entry in self._entries.values() if entry.report is not None]
        for run_id in over[: max(0, len(over) - REMEMBERED_MAX)]:
            del self._entries[run_id]
