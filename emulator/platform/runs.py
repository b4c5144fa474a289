"""Runs: start, pause, step and stop scenarios on this server, and keep their reports."""

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.json import decode, encode
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
from emulator.scenario.language.worlds import WorldPart
from emulator.scenario.output.document import document, so_far
from emulator.scenario.output.fold import Fold, Outcome

log = logging.getLogger(__name__)

# Every virtual run begins at this instant, 2026-01-01, 18:00 UTC, so that its log is the same.
BEGINS_MS = 1_767_290_400_000
VIRTUAL = 0.0
REMEMBERED_MAX = 100
AT_ONCE_MAX = 20
# On a running clock, `Runs.step` gives up after this much of the world's time without a change.
_STEP_MAX_MS = 86_400_000

WhichWorld = Literal["own", "this"]


class RunRequest(Struct, frozen=True, kw_only=True):
    """The scenario to play, and how. A `speed` of `VIRTUAL` (0) jumps, 1 is the machine's pace.

    `ends_ms` ends the run that long after its start. `folder` has its films; empty without any.
    `write` gets the event log line by line. `name` is the scenario's name in the library, empty if
    it is not from there. With `is_paused` the run stands still after its first instant.
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
    """The figures of a run in a list of runs: so far, or at its end."""

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
    """The parts of a run in progress, which refer to its world."""

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
    """One run. Once it is over, it has its `report`, and lets go of `playing`.

    The report is kept as JSON. As some four hundred objects each, among others that come and go, a
    hundred reports let the interpreter's memory rise by 3 MB more in the next hundred runs.
    """

    id: str
    request: RunRequest
    world: str
    playing: Playing | None
    ended: RunFigures | None = None
    began_at_ms: int = field(default_factory=lambda: wall_ns() // 1_000_000)
    began_ms: int = field(default_factory=monotonic_ms)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    _report: bytes | None = None

    @property
    def is_over(self) -> bool:
        return self._report is not None

    @property
    def report(self) -> dict[str, Any] | None:
        return None if self._report is None else decode(self._report)

    @property
    def runner(self) -> Runner:
        """The runner of a run in progress."""
        return self._playing().runner

    @property
    def fold(self) -> Fold:
        """The results so far of a run in progress."""
        return self._playing().fold

    @property
    def figures(self) -> RunFigures:
        return self._playing().figures() if self.ended is None else self.ended

    @property
    def is_paused(self) -> bool:
        """Whether the run stands still until it is resumed."""
        if self.is_over:
            return False
        run = self.runner.run
        return self.runner.pause.is_on if run.is_virtual else run.clock.speed == 0

    @property
    def share(self) -> float | None:
        """The share of the run that is over, 0 to 1; None for a run without a planned end."""
        if self.is_over:
            return 1.0
        planned_ms = self.runner.planned_ms
        if planned_ms is None:
            return None
        return min(0.99, self.runner.clock_ms / max(1, planned_ms))

    @property
    def remaining_seconds(self) -> float | None:
        """The remaining time by the machine's clock; None if it is not known."""
        if self.is_over:
            return 0.0
        planned_ms, share, speed = self.runner.planned_ms, self.share, self.request.speed
        if planned_ms is None or not share or self.is_paused:
            return None
        if speed != VIRTUAL:
            return max(0, planned_ms - self.runner.clock_ms) / 1000 / speed
        return (monotonic_ms() - self.began_ms) / 1000 * (1 - share) / share

    def so_far(self) -> dict[str, Any]:
        """The run's report; while it goes on, the report so far."""
        report = self.report
        if report is not None:
            return report
        return so_far(self.fold, clock=self.clock, wall_ms=monotonic_ms() - self.began_ms)

    @property
    def clock(self) -> str:
        speed = self.request.speed
        return "virtual" if speed == VIRTUAL else "real" if speed == 1 else f"{speed:g}x"

    def end(self) -> None:
        """Write the report at the run's end, and let go of everything else."""
        wall_ms = monotonic_ms() - self.began_ms
        report = document(self.fold, clock=self.clock, wall_ms=wall_ms)
        # Its world's time may pass by itself, also while the report is made.
        self.ended = replace(self.figures, clock_ms=report["length_ms"])
        self._report, self.playing = encode(report), None
        bare = replace(
            self.request.scenario,
            world=WorldPart(),
            params={},
            steps=(),
            expectations=(),
            files={},
            text="",
        )
        self.request = replace(self.request, scenario=bare, write=None)

    def _playing(self) -> Playing:
        if self.playing is None:
            raise RuntimeError(f"the run {self.id} is over")
        return self.playing


class Runs:
    """The runs of one process, the oldest first. Of finished ones, the last are kept."""

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
        self._records: OrderedDict[str, RunRecord] = OrderedDict()
        self._numbers = itertools.count(1)

    def all(self) -> list[RunRecord]:
        return list(self._records.values())

    def find(self, run_id: str) -> RunRecord:
        """The run of this id. Refuses (`not_found`) one that is unknown or not kept any more."""
        record = self._records.get(run_id)
        if record is None:
            raise Refused("not_found", f"There is no run {run_id[:64]}.")
        return record

    def forget(self, run_id: str) -> None:
        """Drop a run that is over, once its report was read."""
        if self.find(run_id).is_over:
            del self._records[run_id]

    def start(self, request: RunRequest, platform: Platform) -> RunRecord:
        """Start a run, in `platform`'s world or in a world of its own.

        Refuses (`conflict`) a second run in one world, and more than `AT_ONCE_MAX`; (`invalid`) a
        scenario with a time to begin in a world that exists already.
        """
        going_on = [record for record in self._records.values() if not record.is_over]
        if len(going_on) >= AT_ONCE_MAX:
            raise Refused("conflict", f"{len(going_on)} scenarios are being played. Wait for one.")
        number = next(self._numbers)
        if request.world == "this" and request.scenario.begins_ms is not None:
            raise Refused("invalid", "begins sets the clock of a world of the run's own, not this.")
        if request.world == "own":
            platform = self._make_world(request, number)
        else:
            _check_free(platform.world.name, going_on)
        record = self._record(request, platform, f"run-{number}")
        self._records[record.id] = record
        self._tasks.create_task(self._play(record, platform))
        self._forget()
        return record

    async def pause(self, run_id: str) -> RunRecord:
        """Pause a run. Refuses (`conflict`) one that is over."""
        record = self._going_on(run_id)
        if record.runner.run.is_virtual:
            record.runner.pause.begin()
            await record.runner.pause.until_standing()
        else:
            await record.runner.run.clock.set(0)
        return record

    async def resume(self, run_id: str) -> RunRecord:
        """Resume a run. Refuses (`conflict`) one that is over."""
        record = self._going_on(run_id)
        if record.runner.run.is_virtual:
            record.runner.pause.end()
        else:
            await record.runner.run.clock.set(record.request.speed)
        return record

    async def step(self, run_id: str, duration_ms: int | None = None) -> RunRecord:
        """Resume a run for `duration_ms`, or until its next change, and pause it again.

        A change is a step that begins or ends, or an expectation that is judged. Refuses
        (`conflict`) a run that is over.
        """
        record = self._going_on(run_id)
        runner = record.runner
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
            return record
        await clock.set(0)
        if duration_ms is not None:
            await clock.pass_time(duration_ms)
            return record
        while not record.is_over and clock.next_due_ms() is not None and not is_reached():
            await clock.pass_to_next()
            if runner.clock_ms > began_ms + _STEP_MAX_MS:
                break
        return record

    def _going_on(self, run_id: str) -> RunRecord:
        record = self.find(run_id)
        if record.is_over:
            raise Refused("conflict", f"The run {record.id} is over. Start it again.")
        return record

    async def stop(self, reason: str, world: str | None = None) -> None:
        """End all runs, or those in one world, and wait for their reports."""
        going_on = [
            record
            for record in self.all()
            if record.playing is not None and world in (None, record.world)
        ]
        for record in going_on:
            record.runner.stop(reason)
        for record in going_on:
            await record.done.wait()

    def _make_world(self, request: RunRequest, number: int) -> Platform:
        begins_ms = request.scenario.begins_ms
        if request.speed == VIRTUAL:
            clock = WorldClock(BEGINS_MS if begins_ms is None else begins_ms, VIRTUAL)
        else:
            clock = WorldClock(begins_ms)
        seed = request.scenario.world.seed
        return self._make(f"scenario-{number}", seed, clock)

    def _record(self, request: RunRequest, platform: Platform, run_id: str) -> RunRecord:
        seed = request.scenario.seed if request.seed is None else request.seed
        run = Run(
            world=platform.world,
            clock=platform.clock,
            scenario=request.scenario,
            server=server_of(platform),
            folder=request.folder,
            seed=seed,
            is_own_world=request.world == "own",
            is_virtual=request.speed == VIRTUAL,
        )
        runner = Runner(run, platform.bus.subscribe, write=request.write, ends_ms=request.ends_ms)
        fold = Fold(runner)
        runner.look = fold.look
        if request.is_paused:
            runner.pause.begin()
        return RunRecord(
            id=run_id, request=request, world=platform.world.name, playing=Playing(runner, fold)
        )

    async def _play(self, record: RunRecord, platform: Platform) -> None:
        clock, before = platform.clock, platform.clock.speed
        unsubscribe = platform.bus.subscribe(record.fold.handlers())
        try:
            await clock.set(VIRTUAL if record.request.is_paused else record.request.speed)
            async for result in record.runner.play():
                record.fold.take(result)
        except Exception as error:  # A task's root: a failed run must not stop the server.
            log.exception("a run failed run=%s", record.id)
            reason = f"{type(error).__name__}: {error}"
            record.fold.take(Broken(record.runner.clock_ms, reason, is_failure=True))
        finally:
            unsubscribe()
            record.end()
            if record.request.world == "this":
                await clock.set(before)
            elif not record.request.is_kept:
                with suppress(Refused):  # Somebody else drops it at this moment.
                    await self._drop(record.world)
            record.done.set()

    def _forget(self) -> None:
        over = [record.id for record in self._records.values() if record.is_over]
        for run_id in over[: max(0, len(over) - REMEMBERED_MAX)]:
            del self._records[run_id]


def _check_free(world: str, going_on: Sequence[RunRecord]) -> None:
    """Refuse (`conflict`) a world in which a scenario is being played."""
    for other in going_on:
        if other.world == world:
            name = other.request.scenario.name
            raise Refused(
                "conflict",
                f"{name!r} is being played in this world ({other.id}). Wait for its end, stop it "
                f"(DELETE /_emulator/scenarios/runs/{other.id}), or play in another world.",
            )
