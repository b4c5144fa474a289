"""Scheduler: steps under way: begun, gone on with, ended; and what an ended one calls up next.

A step's turn may be over at once, last (`Ticks`), be awaited, or watch what is expected.
"""

import asyncio
import heapq
import inspect
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import field
from typing import Any

from emulator.core.errors import Refused
from emulator.core.values import dataclass
from emulator.scenario.actions.action import LateTicks, Ticks
from emulator.scenario.actions.expect import Expect
from emulator.scenario.engine.expectations import ExpectationCheck, Watching
from emulator.scenario.engine.results import Outcome, Result, StepDone
from emulator.scenario.engine.run import Run, RunContext
from emulator.scenario.engine.schedule import plan
from emulator.scenario.language.scenario import After, On, Step

# A step that calls itself up is stopped after so many turns at one instant.
TURNS_AT_ONCE_MAX = 1_000


@dataclass(slots=True, eq=False)
class StepRun:
    """One turn of a step. Times are the world's."""

    step: Step
    began_ms: int
    ticks: Ticks | None = None
    late_ticks: LateTicks | None = None
    watching: Watching | None = None
    task: "asyncio.Task[Any] | None" = None
    missed: int = 0


@dataclass(order=True, slots=True)
class _Due:
    at_ms: int
    order: int
    step: Step = field(compare=False)
    turn: StepRun | None = field(compare=False, default=None)
    is_off: bool = field(compare=False, default=False)


class Scheduler:
    """All turns of one run. `tell` takes results; `wake` is called when an awaited one is over."""

    def __init__(
        self, evening: Run, tell: Callable[[Result], None], wake: Callable[[], None]
    ) -> None:
        self._evening = evening
        self._tell = tell
        self._wake = wake
        self._agenda: list[_Due] = []
        self._order = itertools.count()
        self.under_way: list[StepRun] = []
        self._begun: Counter[int] = Counter()
        self._ended: Counter[int] = Counter()
        self._last_called_ms: dict[int, int] = {}
        self._at_once: Counter[int] = Counter()
        self._instant_ms = 0
        self._followers: dict[int, list[tuple[Step, int]]] = {}
        # What must hold from the first instant to the last.
        standing = [
            expectation
            for expectation in evening.scenario.expectations
            if expectation.holds != "at the end"
        ]
        watches = [ExpectationCheck(e.path, e.condition, e.place, holds=e.holds) for e in standing]
        self._whole_run = Watching(evening, watches, None)
        self._planned = {
            planned.step.number: planned.starts_ms for planned in plan(evening.scenario)
        }

    def set_out(self) -> None:
        """Put what begins by itself on the agenda."""
        for step in self._evening.scenario.steps:
            trigger = step.trigger
            if step.is_off or isinstance(trigger, On):
                continue
            if isinstance(trigger, After) and trigger.step is not None:
                self._followers.setdefault(trigger.step, []).append((step, trigger.offset_ms))
            else:
                self._put(self._evening.began_ms + trigger.offset_ms, step)

    def next_ms(self) -> int | None:
        """When something is due next, or an expectation's time is over."""
        ends = [turn.watching.until_ms for turn in self.under_way if turn.watching]
        if self._agenda:
            ends.append(self._agenda[0].at_ms)
        return min((end_ms for end_ms in ends if end_ms is not None), default=None)

    @property
    def is_waited_for(self) -> bool:
        """Something is still to come that the evening does not end without."""
        return any(not turn.step.is_extra for turn in self.under_way) or any(
            not due.is_off and not due.step.is_extra for due in self._agenda
        )

    def call(self, step: Step) -> None:
        """Its event has come."""
        now_ms, number = self._evening.world.now_ms, step.number
        if step.every_ms is None and self._begun[number]:
            return
        if step.times is not None and self._begun[number] >= step.times:
            return
        last_ms = self._last_called_ms.get(number)
        if step.every_ms and last_ms is not None and now_ms < last_ms + step.every_ms:
            return
        self._last_called_ms[number] = now_ms
        self._put(now_ms, step)
        # Counted when it is called, so that two events of one instant do not call it twice.
        self._begun[number] += 1

    async def do_due(self) -> bool:
        """Do the next thing that is due by now. False where there is none."""
        now_ms = self._evening.world.now_ms
        if now_ms != self._instant_ms:
            self._instant_ms = now_ms
            self._at_once.clear()
        if not self._agenda or self._agenda[0].at_ms > now_ms:
            return False
        due = heapq.heappop(self._agenda)
        if due.is_off:
            return True
        if due.turn is not None and _is_joined(due.turn):
            self._go_on_together(due.turn, now_ms)
        elif due.turn is not None:
            await self._go_on(due.turn)
        else:
            await self._begin(due.step, due.at_ms)
        return True

    def judge(self) -> None:
        """Look at what is expected; end the turns of what has been judged."""
        for turn in [turn for turn in self.under_way if turn.watching]:
            self._look(turn)
        for judged in self._whole_run.look():
            self._tell(judged)

    def judge_the_end(self) -> None:
        """The run is over: what was to hold until now, or never to hold, did or did not."""
        now_ms = self._evening.world.now_ms
        self._whole_run.until_ms = now_ms
        for turn in self.under_way:
            if turn.watching is not None and turn.step.is_extra:
                turn.watching.until_ms = now_ms
        self.judge()

    def take_awaited(self) -> None:
        """End the turns whose work, beside the run, is over. A failure of ours is raised here."""
        for turn in [turn for turn in self.under_way if turn.task and turn.task.done()]:
            task, turn.task = turn.task, None
            if task is not None:
                self._conclude(turn, task)

    async def cut_short(self) -> None:
        """The evening is over: what still goes on is stopped where it is."""
        for turn in list(self.under_way):
            if turn.task is not None:
                turn.task.cancel()
                await asyncio.gather(turn.task, return_exceptions=True)
            if turn.watching is not None:
                turn.watching.until_ms = self._evening.world.now_ms
                self._look(turn)
                continue
            if turn.ticks is not None and hasattr(turn.ticks, "close"):
                turn.ticks.close()
            self.under_way.remove(turn)
            is_ok = turn.step.is_extra or turn.step.for_ms is None
            self._tell_of(turn, "cut-short", is_ok=is_ok)
        self._agenda.clear()

    def tell_never_begun(self) -> None:
        """At the end: the steps whose turn never came, and why."""
        for step in self._evening.scenario.steps:
            was_called = self._begun[step.number] > 0
            has_begun = self._evening.counts.get(f"turns/{step.name}", 0) > 0
            # What its `if` held back was told as it was skipped.
            if step.is_off or has_begun or (was_called and not step.is_required):
                continue
            self._tell(
                StepDone(
                    step=step,
                    planned_ms=self._planned.get(step.number),
                    started_ms=None,
                    ended_ms=None,
                    outcome="never-began",
                    is_ok=not step.is_required,
                    told=self._why_never(step),
                )
            )

    def _why_never(self, step: Step) -> str:
        trigger = step.trigger
        if self._begun[step.number]:
            return "Each time its turn came, its `if` was not so."
        if isinstance(trigger, On):
            wanted = ", ".join(f"{key} {value}" for key, value in trigger.filter.items())
            return f"{trigger.event}{f' ({wanted})' if wanted else ''} never happened."
        if isinstance(trigger, After) and trigger.step is not None:
            before = self._evening.scenario.steps[trigger.step].name
            if not self._ended[trigger.step]:
                return f"It comes after {before}, which never ended."
        return "The run was over before its time."

    def _put(self, at_ms: int, step: Step, turn: StepRun | None = None) -> None:
        heapq.heappush(self._agenda, _Due(at_ms, next(self._order), step, turn))

    async def _begin(self, step: Step, due_ms: int) -> None:
        self._check_at_once(step)
        if not isinstance(step.trigger, On):
            self._begun[step.number] += 1
            self._put_again(step, due_ms)
        turn = StepRun(step, self._evening.world.now_ms)
        self.under_way.append(turn)
        unmet = self._unmet(step)
        if unmet:
            self._end(turn, "skipped", is_ok=True, told=unmet)
            return
        self._evening.count(f"turns/{step.name}")
        if isinstance(step.action, Expect):
            self._watch(turn, step.action)
            return
        stage = RunContext(self._evening, step)
        try:
            found = step.action.run(stage)
        except Refused as refused:
            self._refused(turn, refused)
            return
        if found is None:
            self._done(turn)
        elif inspect.isawaitable(found):
            await self._await(turn, found)
        elif isinstance(found, AsyncIterator):
            turn.late_ticks = found
            await self._await(turn, anext(found, None))
        else:
            turn.ticks = found
            await self._go_on(turn)

    def _check_at_once(self, step: Step) -> None:
        self._at_once[step.number] += 1
        if self._at_once[step.number] > TURNS_AT_ONCE_MAX:
            raise Refused(
                "unavailable",
                f"{step.name} ({step.place}) was called up {TURNS_AT_ONCE_MAX} times at one"
                " instant: it calls itself up. Give it every: and a time.",
            )

    def _unmet(self, step: Step) -> str:
        """Which fact of a step's `if` is not so now; empty where all are."""
        for path, raw in step.facts_if:
            watch = ExpectationCheck(path, raw, step.place)
            if not watch.look(self._evening):
                judged = watch.judged(self._evening, is_met=False)
                return f"{path} was {judged.seen}, not {judged.wanted}."
        return ""

    def _put_again(self, step: Step, due_ms: int) -> None:
        """The next turn of a step that happens `every` so often."""
        if step.every_ms and (step.times is None or self._begun[step.number] < step.times):
            self._put(due_ms + step.every_ms, step)

    async def _await(self, turn: StepRun, work: Awaitable[Any]) -> None:
        """Time stands meanwhile where it is virtual; else the evening goes on beside it."""
        turn.task = asyncio.ensure_future(work)
        if self._evening.is_virtual:
            await asyncio.wait([turn.task])
            self.take_awaited()
        else:
            turn.task.add_done_callback(lambda _: self._wake())

    def _go_on_together(self, turn: StepRun, now_ms: int) -> None:
        """This turn and those behind it that are joined: one change, which costs less than many."""
        with self._evening.world.change():
            self._tick(turn)
            while self._agenda and self._agenda[0].at_ms <= now_ms:
                following = self._agenda[0].turn
                if following is None or not _is_joined(following) or self._agenda[0].is_off:
                    break
                heapq.heappop(self._agenda)
                self._tick(following)

    async def _go_on(self, turn: StepRun) -> None:
        if turn.late_ticks is not None:
            await self._await(turn, anext(turn.late_ticks, None))
        else:
            self._tick(turn)

    def _tick(self, turn: StepRun) -> None:
        try:
            wait_ms = next(turn.ticks, None) if turn.ticks else None
        except Refused as refused:
            self._refused(turn, refused)
            return
        self._wait(turn, wait_ms)

    def _wait(self, turn: StepRun, wait_ms: int | None) -> None:
        """Go on in so many milliseconds; None: that was all."""
        if wait_ms is None:
            self._done(turn)
        else:
            self._put(self._evening.world.now_ms + max(0, wait_ms), turn.step, turn)

    def _watch(self, turn: StepRun, expect: Expect) -> None:
        step = turn.step
        watches = [
            ExpectationCheck(path, raw, step.place, step.name, step.within_ms, expect.holds)
            for _, path, raw in expect.asks()
        ]
        lasts_ms = step.within_ms if expect.holds == "at the end" else step.for_ms
        until_ms = None if lasts_ms is None else turn.began_ms + lasts_ms
        turn.watching = Watching(self._evening, watches, until_ms)
        if expect.holds == "at the end":
            self._look(turn)

    def _look(self, turn: StepRun) -> None:
        if turn.watching is None:
            return
        for judged in turn.watching.look():
            turn.missed += not judged.is_met
            self._tell(judged)
        if not turn.watching.watches:
            self._done(turn)

    def _conclude(self, turn: StepRun, task: "asyncio.Task[Any]") -> None:
        try:
            wait_ms = task.result()
        except Refused as refused:
            self._refused(turn, refused)
        else:
            self._wait(turn, wait_ms if turn.late_ticks is not None else None)

    def _refused(self, turn: StepRun, refused: Refused) -> None:
        wanted = turn.step.refused
        code = str(refused.details.get("chat_code", refused.code))
        self._evening.count("steps.refused")
        is_ok = wanted is not None and wanted in ("", code, refused.code)
        came = f"{code}: {refused.message}"
        if wanted and not is_ok:
            came = f"It was to be refused with {wanted}, and was refused with {came}"
        self._end(turn, "refused", is_ok=is_ok, told=came)

    def _done(self, turn: StepRun) -> None:
        if turn.step.refused is not None:
            wanted = f" with {turn.step.refused}" if turn.step.refused else ""
            text = f"It was to be refused{wanted}, and the platform did it."
            self._end(turn, "not-refused", is_ok=False, told=text)
        else:
            self._end(turn, "missed" if turn.missed else "done", is_ok=turn.missed == 0)

    def _end(self, turn: StepRun, outcome: Outcome, *, is_ok: bool, told: str = "") -> None:
        self.under_way.remove(turn)
        self._tell_of(turn, outcome, is_ok=is_ok, told=told)
        step = turn.step
        self._ended[step.number] += 1
        turns = 1 if step.every_ms is None else step.times
        if self._ended[step.number] == turns:
            for follower, offset_ms in self._followers.get(step.number, ()):
                self._put(self._evening.world.now_ms + offset_ms, follower)

    def _tell_of(self, turn: StepRun, outcome: Outcome, *, is_ok: bool, told: str = "") -> None:
        began_ms, number = self._evening.began_ms, turn.step.number
        planned_ms = self._planned.get(number)
        if planned_ms is not None and turn.step.every_ms and not isinstance(turn.step.trigger, On):
            planned_ms += turn.step.every_ms * (self._begun[number] - 1)
        self._tell(
            StepDone(
                step=turn.step,
                planned_ms=planned_ms,
                started_ms=turn.began_ms - began_ms,
                ended_ms=self._evening.world.now_ms - began_ms,
                outcome=outcome,
                is_ok=is_ok,
                told=told,
            )
        )


def _is_joined(turn: StepRun) -> bool:
    return turn.ticks is not None and turn.step.action.is_joined
