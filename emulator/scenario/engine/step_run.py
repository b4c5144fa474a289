"""StepRun: one run of a step, by the way its action continues: by time, in tasks, or watching."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

from emulator.core.clock import Timer
from emulator.scenario.actions.action import Action, AsyncTicks, Ticks
from emulator.scenario.actions.expect import Expect
from emulator.scenario.engine.expectations import CheckGroup, ExpectationCheck
from emulator.scenario.engine.results import Judged
from emulator.scenario.engine.run import Run, RunContext
from emulator.scenario.language.scenario import Step


class StepRun:
    """One run of a step, made when it begins. Times are the world's."""

    # Not an abstract class: `isinstance` of one is slow, and is called a million times in a day of
    # a run.

    def __init__(self, step: Step, began_ms: int) -> None:
        self.step = step
        self.began_ms = began_ms

    async def cancel(self) -> None:
        """Stop where it is, at the end of the run."""
        raise NotImplementedError


class TickingRun(StepRun):
    """A step run that continues as time passes.

    `finish` does what it and the others with the same `finish` have left to do at an instant, once
    all of them have been continued; None for a run that is continued by itself.
    """

    def __init__(
        self, step: Step, began_ms: int, ticks: Ticks, finish: Callable[[Run], None] | None = None
    ) -> None:
        super().__init__(step, began_ms)
        self._ticks = ticks
        self.finish = finish

    def advance(self) -> int | None:
        """Continue; return the milliseconds until the next time, None at the end."""
        return next(self._ticks, None)

    async def cancel(self) -> None:
        if isinstance(self._ticks, Generator):
            self._ticks.close()


class TaskRun(StepRun):
    """A step run that waits for something outside the world, in a task for each continuation."""

    def __init__(self, step: Step, began_ms: int, ticks: AsyncTicks) -> None:
        super().__init__(step, began_ms)
        self._ticks = ticks
        self.task: asyncio.Task[int | None] | None = None

    def advance(self) -> "asyncio.Task[int | None]":
        """Start to continue. The task returns what `TickingRun.advance` does."""
        self.task = asyncio.ensure_future(anext(self._ticks, None))
        return self.task

    async def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


class WatchingRun(StepRun):
    """A step run that watches facts until all are judged. `timer` is for the end of its time."""

    def __init__(self, step: Step, began_ms: int, checks: CheckGroup) -> None:
        super().__init__(step, began_ms)
        self.checks = checks
        self.missed = 0
        self.timer: Timer | None = None

    def advance(self) -> Iterator[Judged]:
        """Judge everything that can be judged by now."""
        for judged in self.checks.look():
            self.missed += not judged.is_met
            yield judged

    @property
    def is_over(self) -> bool:
        return not self.checks.left

    async def cancel(self) -> None:
        self.checks.end()


def begin(run: Run, step: Step) -> StepRun:
    """Begin a step. Refuses what the platform refuses at once."""
    now_ms, action = run.world.now_ms, step.action
    if isinstance(action, Expect):
        return WatchingRun(step, now_ms, _checks(run, step, action, now_ms))
    assert isinstance(action, Action)
    work = action.run(RunContext(run, step))
    if work is None:
        return TickingRun(step, now_ms, iter(()))
    if isinstance(work, Iterator):
        return TickingRun(step, now_ms, work, action.finish_joined if action.is_joined else None)
    return TaskRun(step, now_ms, work if isinstance(work, AsyncIterator) else _once(work))


async def _once(work: Awaitable[Any]) -> AsyncTicks:
    await work
    for _ in range(0):
        yield 0


def _checks(run: Run, step: Step, expect: Expect, now_ms: int) -> CheckGroup:
    lasts_ms = step.within_ms if expect.holds == "at the end" else step.for_ms
    checks = [
        ExpectationCheck(path, raw, step.place, step.name, step.within_ms, expect.holds)
        for _, path, raw in expect.asks()
    ]
    return CheckGroup(run, checks, None if lasts_ms is None else now_ms + lasts_ms)
