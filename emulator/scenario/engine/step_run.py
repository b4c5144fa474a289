"""StepRun: one run of a step, by how its action goes on: as time passes, in tasks, or watching."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Generator, Iterator
from typing import Any

from emulator.core.clock import Timer
from emulator.scenario.actions.action import Action, AsyncTicks, Ticks
from emulator.scenario.actions.expect import Expect
from emulator.scenario.engine.expectations import CheckGroup, ExpectationCheck
from emulator.scenario.engine.results import Judged
from emulator.scenario.engine.run import Run, RunContext
from emulator.scenario.language.scenario import Step


class StepRun:
    """Made when the step begins. Times are the world's."""

    # Not an abstract class: `isinstance` of one is slow, and is asked a million times in a day.

    def __init__(self, step: Step, began_ms: int) -> None:
        self.step = step
        self.began_ms = began_ms

    @property
    def is_joined(self) -> bool:
        """What it does at an instant may be one change of the world with what others do then."""
        return False

    async def cancel(self) -> None:
        """The run is over: stop where it is."""
        raise NotImplementedError


class TickingRun(StepRun):
    """Goes on as time passes."""

    def __init__(self, step: Step, began_ms: int, ticks: Ticks) -> None:
        super().__init__(step, began_ms)
        self._ticks = ticks

    @property
    def is_joined(self) -> bool:
        return self.step.action.is_joined

    def advance(self) -> int | None:
        """Go on; gives in how many milliseconds to do so again, None if that was all."""
        return next(self._ticks, None)

    async def cancel(self) -> None:
        if isinstance(self._ticks, Generator):
            self._ticks.close()


class TaskRun(StepRun):
    """Waits for what is outside the world, in a task each time that it goes on."""

    def __init__(self, step: Step, began_ms: int, ticks: AsyncTicks) -> None:
        super().__init__(step, began_ms)
        self._ticks = ticks
        self.task: asyncio.Task[int | None] | None = None

    def advance(self) -> "asyncio.Task[int | None]":
        """Begin to go on. The task gives what `TickingRun.advance` does."""
        self.task = asyncio.ensure_future(anext(self._ticks, None))
        return self.task

    async def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)


class WatchingRun(StepRun):
    """Watches what is expected until all of it is judged. `timer` is for the end of its time."""

    def __init__(self, step: Step, began_ms: int, checks: CheckGroup) -> None:
        super().__init__(step, began_ms)
        self.checks = checks
        self.missed = 0
        self.timer: Timer | None = None

    def advance(self) -> Iterator[Judged]:
        """Judge what can be judged by now."""
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
        return TickingRun(step, now_ms, work)
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
