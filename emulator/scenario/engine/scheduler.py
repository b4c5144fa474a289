"""Scheduler: begins, advances and ends the step runs of a run, and starts the steps that follow.

Steps to come are timers of the world's clock. Due ones are run in order.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from itertools import chain

from msgspec import Struct

from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.scenario.engine.expectations import CheckGroup, ExpectationCheck
from emulator.scenario.engine.results import Outcome, Result, StepDone
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.schedule import Planned, plan
from emulator.scenario.engine.step_run import StepRun, TaskRun, TickingRun, WatchingRun, begin
from emulator.scenario.language.scenario import After, On, Step

# A step that triggers itself is stopped after this many runs at one instant.
RUNS_AT_ONCE_MAX = 1_000
# An expectation may become true without an event, such as the number of requests: where time passes
# by itself, expectations are checked at least at this interval, in milliseconds of the machine.
_LOOK_MS = 250


class _Due(Struct, eq=False):
    """A step that is to begin, or a step run that is to continue."""

    at_ms: int
    step: Step
    step_run: TickingRun | TaskRun | None


class Scheduler:
    """All step runs of one run. `report` gets results; `wake` is called once there is work."""

    def __init__(
        self, run: Run, report: Callable[[Result], None], wake: Callable[[], None]
    ) -> None:
        self._run = run
        self._report = report
        self._wake = wake
        self._due: deque[_Due] = deque()
        # Those of later instants, which share a timer for each instant.
        self._later: dict[int, list[_Due]] = {}
        self._timers: dict[int, Timer] = {}
        self.under_way: list[StepRun] = []
        # The step runs among them that are checked at each instant.
        self._tasks: list[TaskRun] = []
        self._watching: list[WatchingRun] = []
        # The number of step runs that have begun.
        self.begun = 0
        self._begun: Counter[int] = Counter()
        self._ended: Counter[int] = Counter()
        self._last_triggered_ms: dict[int, int] = {}
        self._at_once: Counter[int] = Counter()
        self._instant_ms = 0
        self._look_timer: Timer | None = None
        self._followers: dict[int, list[tuple[Step, int]]] = {}
        # The expectations from the first instant to the last.
        checks = [
            ExpectationCheck(wanted.path, wanted.condition, wanted.place, holds=wanted.holds)
            for wanted in run.scenario.expectations
            if wanted.holds != "at the end"
        ]
        self._whole_run = CheckGroup(run, checks, None)
        self.plan = plan(run.scenario)
        self._planned = {planned.step.number: planned.starts_ms for planned in self.plan}

    def start(self) -> None:
        """Schedule the steps that begin by themselves."""
        for step in self._run.scenario.steps:
            trigger = step.trigger
            if step.is_off or isinstance(trigger, On):
                continue
            if isinstance(trigger, After) and trigger.step is not None:
                self._followers.setdefault(trigger.step, []).append((step, trigger.offset_ms))
            else:
                self._put(self._run.began_ms + trigger.offset_ms, step)

    @property
    def has_due(self) -> bool:
        """Whether anything is due at this instant."""
        return bool(self._due)

    @property
    def is_waited_for(self) -> bool:
        """Whether anything is left that the run must wait for."""
        return any(not step_run.step.is_extra for step_run in self.under_way) or any(
            not due.step.is_extra for due in chain(self._due, *self._later.values())
        )

    @property
    def to_come(self) -> list[Planned]:
        """The steps that have not begun and whose time is known, the next one first."""
        waiting = [
            (planned.starts_ms, planned.step.number, planned)
            for planned in self.plan
            if planned.starts_ms is not None and not self._begun[planned.step.number]
        ]
        return [planned for _, _, planned in sorted(waiting)]

    def trigger(self, step: Step) -> None:
        """Schedule a step whose event has come."""
        now_ms, number = self._run.world.now_ms, step.number
        if step.every_ms is None and self._begun[number]:
            return
        if step.times is not None and self._begun[number] >= step.times:
            return
        last_ms = self._last_triggered_ms.get(number)
        if step.every_ms and last_ms is not None and now_ms < last_ms + step.every_ms:
            return
        self._last_triggered_ms[number] = now_ms
        self._put(now_ms, step)
        # It is counted when triggered, so that two events of one instant do not trigger it twice.
        self._begun[number] += 1

    async def do_due(self) -> bool:
        """Do the next due thing. False where there is none."""
        now_ms = self._run.world.now_ms
        if now_ms != self._instant_ms:
            self._instant_ms = now_ms
            self._at_once.clear()
        if not self._due:
            return False
        due = self._due.popleft()
        if due.step_run is None:
            await self._begin(due.step, due.at_ms)
        elif isinstance(due.step_run, TickingRun) and due.step_run.finish is not None:
            self._advance_together(due.step_run, due.step_run.finish)
        else:
            await self._advance(due.step_run)
        return True

    def judge(self) -> None:
        """Check the expectations; end the step runs of judged ones."""
        watching = tuple(self._watching)
        for step_run in watching:
            self._look(step_run)
        for judged in self._whole_run.look():
            self._report(judged)
        if watching and self._look_timer is None and not self._run.is_virtual:
            clock = self._run.clock
            wait_ms = round(_LOOK_MS * max(1.0, clock.speed))
            self._look_timer = clock.call_at(clock.now_ms() + wait_ms, self._look_again)

    def judge_the_end(self) -> None:
        """Judge, at the run's end, what had to hold until now, or never."""
        self._whole_run.end()
        for step_run in self._watching:
            if step_run.step.is_extra:
                step_run.checks.end()
        self.judge()

    def take_awaited(self) -> None:
        """Continue the step runs whose task is done. An error of the emulator is raised here."""
        for step_run in tuple(self._tasks):
            if step_run.task and step_run.task.done():
                task, step_run.task = step_run.task, None
                try:
                    wait_ms = task.result()
                except Refused as refused:
                    self._refused(step_run, refused)
                else:
                    self._wait(step_run, wait_ms)

    async def cancel(self) -> None:
        """Stop, at the run's end, everything that is still running; nothing else begins."""
        for step_run in list(self.under_way):
            await step_run.cancel()
            if isinstance(step_run, WatchingRun):
                self._look(step_run)
                continue
            self._leave(step_run)
            is_ok = step_run.step.is_extra or step_run.step.for_ms is None
            self._report_run(step_run, "cut-short", is_ok=is_ok)
        for timer in (*self._timers.values(), self._look_timer):
            if timer is not None:
                timer.cancel()
        self._timers.clear()
        self._later.clear()
        self._due.clear()

    def report_never_begun(self) -> None:
        """Report, at the end, the steps that never began, and why."""
        for step in self._run.scenario.steps:
            was_due = self._begun[step.number] > 0
            has_begun = self._run.counts.get(f"turns/{step.name}", 0) > 0
            # A step that its `if` held back has been reported as skipped.
            if step.is_off or has_begun or (was_due and not step.is_required):
                continue
            self._report(
                StepDone(
                    step=step,
                    planned_ms=self._planned.get(step.number),
                    started_ms=None,
                    ended_ms=None,
                    outcome="never-began",
                    is_ok=not step.is_required,
                    message=self._why_never(step),
                )
            )

    def _why_never(self, step: Step) -> str:
        trigger = step.trigger
        if self._begun[step.number]:
            return "Each time it was due, its `if` was not met."
        if isinstance(trigger, On):
            wanted = ", ".join(f"{key} {value}" for key, value in trigger.filter.items())
            return f"{trigger.event}{f' ({wanted})' if wanted else ''} never happened."
        if isinstance(trigger, After) and trigger.step is not None:
            before = self._run.scenario.steps[trigger.step].name
            if not self._ended[trigger.step]:
                return f"It comes after {before}, which never ended."
        return "The run was over before its time."

    def _put(self, at_ms: int, step: Step, step_run: TickingRun | TaskRun | None = None) -> None:
        due, clock = _Due(at_ms, step, step_run), self._run.clock
        if at_ms <= clock.now_ms():
            self._due.append(due)
        elif at_ms in self._later:
            self._later[at_ms].append(due)
        else:
            self._later[at_ms] = [due]
            self._timers[at_ms] = clock.call_at(at_ms, partial(self._fall_due, at_ms))

    def _fall_due(self, at_ms: int) -> None:
        del self._timers[at_ms]
        self._due += self._later.pop(at_ms)
        self._wake()

    async def _begin(self, step: Step, due_ms: int) -> None:
        self._check_at_once(step)
        self.begun += 1
        if not isinstance(step.trigger, On):
            self._begun[step.number] += 1
            self._put_again(step, due_ms)
        step_run = self._nothing(step)
        self.under_way.append(step_run)
        unmet = self._unmet(step)
        if unmet:
            self._end(step_run, "skipped", is_ok=True, message=unmet)
            return
        self._run.count(f"turns/{step.name}")
        try:
            step_run = self.under_way[-1] = begin(self._run, step)
        except Refused as refused:
            self._refused(step_run, refused)
            return
        if isinstance(step_run, WatchingRun):
            self._watching.append(step_run)
            self._watch(step_run)
        elif isinstance(step_run, TickingRun | TaskRun):
            if isinstance(step_run, TaskRun):
                self._tasks.append(step_run)
            await self._advance(step_run)

    def _nothing(self, step: Step) -> StepRun:
        """Make a step run that is over at once, for a step that `begin` may still replace."""
        return TickingRun(step, self._run.world.now_ms, iter(()))

    def _check_at_once(self, step: Step) -> None:
        self._at_once[step.number] += 1
        if self._at_once[step.number] > RUNS_AT_ONCE_MAX:
            raise Refused(
                "unavailable",
                f"{step.name} ({step.place}) was triggered {RUNS_AT_ONCE_MAX} times at one"
                " instant: it triggers itself. Give it every: and a time.",
            )

    def _unmet(self, step: Step) -> str:
        """The unmet fact of a step's `if`; empty if all are met."""
        for path, raw in step.facts_if:
            check = ExpectationCheck(path, raw, step.place)
            if not check.look(self._run):
                judged = check.judged(self._run, is_met=False)
                return f"{path} was {judged.seen}, not {judged.wanted}."
        return ""

    def _put_again(self, step: Step, due_ms: int) -> None:
        """Schedule the next run of a step with `every`."""
        if step.every_ms and (step.times is None or self._begun[step.number] < step.times):
            self._put(due_ms + step.every_ms, step)

    async def _advance(self, step_run: TickingRun | TaskRun) -> None:
        """Continue a step run. On a virtual clock time stands still until then."""
        if isinstance(step_run, TickingRun):
            self._tick(step_run)
            return
        task = step_run.advance()
        if self._run.is_virtual:
            await asyncio.wait([task])
            self.take_awaited()
        else:
            task.add_done_callback(lambda _: self._wake())

    def _advance_together(self, step_run: TickingRun, finish: Callable[[Run], None]) -> None:
        """Advance this run and those like it that follow in one change, which is cheaper."""
        with self._run.world.change():
            self._tick(step_run)
            while self._due:
                following = self._due[0].step_run
                if not (isinstance(following, TickingRun) and following.finish == finish):
                    break
                self._due.popleft()
                self._tick(following)
            finish(self._run)

    def _tick(self, step_run: TickingRun) -> None:
        try:
            wait_ms = step_run.advance()
        except Refused as refused:
            self._refused(step_run, refused)
        else:
            self._wait(step_run, wait_ms)

    def _wait(self, step_run: TickingRun | TaskRun, wait_ms: int | None) -> None:
        """Continue in `wait_ms` milliseconds; None: the run is done."""
        if wait_ms is None:
            self._done(step_run)
        else:
            self._put(self._run.clock.now_ms() + max(0, wait_ms), step_run.step, step_run)

    def _watch(self, step_run: WatchingRun) -> None:
        until_ms = step_run.checks.until_ms
        if until_ms is not None:
            step_run.timer = self._run.clock.call_at(until_ms, self._wake)
        if step_run.step.action.holds == "at the end":
            self._look(step_run)

    def _look(self, step_run: WatchingRun) -> None:
        for judged in step_run.advance():
            self._report(judged)
        if step_run.is_over:
            if step_run.timer is not None:
                step_run.timer.cancel()
            self._done(step_run, missed=step_run.missed)

    def _look_again(self) -> None:
        self._look_timer = None
        self._wake()

    def _refused(self, step_run: StepRun, refused: Refused) -> None:
        wanted = step_run.step.refused
        code = str(refused.details.get("chat_code", refused.code))
        self._run.count("steps.refused")
        is_ok = wanted is not None and wanted in ("", code, refused.code)
        message = f"{code}: {refused.message}"
        if wanted and not is_ok:
            message = f"It was to be refused with {wanted}, and was refused with {message}"
        self._end(step_run, "refused", is_ok=is_ok, message=message)

    def _done(self, step_run: StepRun, missed: int = 0) -> None:
        if step_run.step.refused is not None:
            wanted = f" with {step_run.step.refused}" if step_run.step.refused else ""
            message = f"It was to be refused{wanted}, and the platform did it."
            self._end(step_run, "not-refused", is_ok=False, message=message)
        else:
            self._end(step_run, "missed" if missed else "done", is_ok=missed == 0)

    def _end(self, step_run: StepRun, outcome: Outcome, *, is_ok: bool, message: str = "") -> None:
        self._leave(step_run)
        self._report_run(step_run, outcome, is_ok=is_ok, message=message)
        step = step_run.step
        self._ended[step.number] += 1
        runs = 1 if step.every_ms is None else step.times
        if self._ended[step.number] == runs:
            for follower, offset_ms in self._followers.get(step.number, ()):
                self._put(self._run.world.now_ms + offset_ms, follower)

    def _leave(self, step_run: StepRun) -> None:
        self.under_way.remove(step_run)
        if isinstance(step_run, TaskRun):
            self._tasks.remove(step_run)
        elif isinstance(step_run, WatchingRun):
            self._watching.remove(step_run)

    def _report_run(
        self, step_run: StepRun, outcome: Outcome, *, is_ok: bool, message: str = ""
    ) -> None:
        began_ms, step = self._run.began_ms, step_run.step
        planned_ms = self._planned.get(step.number)
        if planned_ms is not None and step.every_ms and not isinstance(step.trigger, On):
            planned_ms += step.every_ms * (self._begun[step.number] - 1)
        self._report(
            StepDone(
                step=step,
                planned_ms=planned_ms,
                started_ms=step_run.began_ms - began_ms,
                ended_ms=self._run.world.now_ms - began_ms,
                outcome=outcome,
                is_ok=is_ok,
                message=message,
            )
        )
