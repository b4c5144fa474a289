"""Runner: plays one scenario in one world, on that world's clock, and yields its results.

It is one loop: do what is due, judge expectations, wait for the next instant. On a virtual clock
nothing else moves time, so that the same file always makes the same run.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from emulator.core.bus import Handlers
from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.scenario.engine.event_matcher import EventLog, EventMatcher
from emulator.scenario.engine.expectations import ExpectationCheck
from emulator.scenario.engine.pause import Pause
from emulator.scenario.engine.results import Broken, Noted, Result
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.schedule import Planned, end_ms
from emulator.scenario.engine.scheduler import Scheduler
from emulator.scenario.engine.setup import prepare
from emulator.scenario.engine.step_run import StepRun

log = logging.getLogger(__name__)

Subscribe = Callable[[Handlers], Callable[[], None]]


class Runner:
    """Plays one run. `subscribe` is the world's bus. `write` gets the event log's lines.

    `ends_ms` ends the run this long after its start, even if steps are still running.
    """

    def __init__(
        self,
        run: Run,
        subscribe: Subscribe,
        *,
        write: Callable[[str], object] | None = None,
        ends_ms: int | None = None,
    ) -> None:
        self.run = run
        # Called at each instant, after all that happens then. It may return the milliseconds until
        # it wants to be called again.
        self.look: Callable[[], int | None] = lambda: None
        self._look_timer: Timer | None = None
        self._subscribe = subscribe
        self._ends_ms = ends_ms
        self._end_timers: list[Timer] = []
        self._stopped = ""
        # For a run whose time jumps; any other run stops when its world's clock does.
        self.pause = Pause()
        self._results: deque[Result] = deque()
        self._reported = 0
        # Set when something has happened, or is due.
        self._has_work = asyncio.Event()
        wake = self._has_work.set
        run.began_ms = run.world.now_ms
        run.note = lambda text: self._results.append(Noted(self.clock_ms, text))
        self._scheduler = Scheduler(run, self._report, wake)
        self._log = EventLog(run, write)
        self._matcher = EventMatcher(run, self._log, wake)

    @property
    def clock_ms(self) -> int:
        """The time since the run's start in milliseconds."""
        return self.run.world.now_ms - self.run.began_ms

    @property
    def log_hash(self) -> str:
        return self._log.log_hash

    @property
    def events(self) -> int:
        return self._log.count

    @property
    def under_way(self) -> list[StepRun]:
        """The steps that are running at the moment."""
        return list(self._scheduler.under_way)

    @property
    def to_come(self) -> list[Planned]:
        """The steps that have not begun and whose time is known, the next one first."""
        return self._scheduler.to_come

    @property
    def planned_ms(self) -> int | None:
        """The shortest duration of the run; None for one without an end."""
        if self._ends_ms is not None:
            return self._ends_ms
        return end_ms(self.run.scenario, self._scheduler.plan)

    @property
    def changes(self) -> int:
        """The number of begun and ended steps and of judged expectations."""
        return self._scheduler.begun + self._reported

    def stop(self, reason: str) -> None:
        """End the run now. The expectations for its end are judged all the same."""
        self._stopped = self._stopped or reason
        self.pause.end()
        self._has_work.set()

    async def play(self) -> AsyncIterator[Result]:
        """Play the whole run. `Broken` tells what ended it early.

        The world's rules are restored.
        """
        world = self.run.world
        rules = world.rules
        unsubscribe = self._subscribe(self._matcher.handlers())
        self._log.begin()
        try:
            self._check_end()
            prepare(self.run)
            self._set_end_timers()
            self._scheduler.start()
            async for result in self._play_instants():
                yield result
        except Refused as refused:
            yield Broken(self.clock_ms, refused.message, is_failure=True)
        except Exception as error:
            # A bug of the emulator: the report has it, and the run up to here.
            log.exception("a run failed scenario=%s", self.run.scenario.file)
            yield Broken(self.clock_ms, f"{type(error).__name__}: {error}", is_failure=True)
        finally:
            self.pause.end(for_good=True)
            unsubscribe()
            world.rules = rules
            if self.run.counts.get("event/FaultStarted"):
                # The next user of the world must not be affected by this run's faults.
                world.faults.clear()
        for result in await self._end():
            yield result

    async def _play_instants(self) -> AsyncIterator[Result]:
        while True:
            self._has_work.clear()
            await self._instant()
            while self._results:
                yield self._results.popleft()
            if self._matcher.is_void:
                raise Refused("unavailable", "The run's world was replaced during the run.")
            if self._is_over():
                break
            if self.run.is_virtual:
                await self._pass_time()
            elif not self._scheduler.has_due:
                await self._has_work.wait()
        self._judge_the_end()

    async def _pass_time(self) -> None:
        """Go to the next instant, or let the world do at this one what is due by now."""
        clock = self.run.clock
        if self._scheduler.has_due:
            await clock.pass_time(0)
            return
        await self.pause.pass_by()
        if not self._stopped:
            await clock.pass_to_next()

    def _report(self, result: Result) -> None:
        self._reported += 1
        self._results.append(result)

    def _check_end(self) -> None:
        if self.run.scenario.is_endless and self._ends_ms is None and self.run.is_virtual:
            raise Refused(
                "invalid",
                "This scenario lasts forever. On the virtual clock, say how long to play it:"
                " --for 10m.",
            )

    def _set_end_timers(self) -> None:
        for length_ms in (self._ends_ms, self.run.scenario.lasts_ms):
            if length_ms is not None:
                at_ms = self.run.began_ms + length_ms
                self._end_timers.append(self.run.clock.call_at(at_ms, self._has_work.set))

    async def _instant(self) -> None:
        """Do everything that happens now, and all that follows from it at once."""
        while True:
            self._scheduler.take_awaited()
            for step in self._matcher.take():
                self._scheduler.trigger(step)
            if not await self._scheduler.do_due() and not self._matcher.has_triggered:
                break
        self._scheduler.judge()
        self._log.write_down()
        wait_ms = self.look()
        if wait_ms is not None and self._look_timer is None:
            clock = self.run.clock
            self._look_timer = clock.call_at(clock.now_ms() + wait_ms, self._look_again)

    def _look_again(self) -> None:
        self._look_timer = None
        self._has_work.set()

    def _is_over(self) -> bool:
        if self._stopped:
            return True
        if self._ends_ms is not None:
            return self.clock_ms >= self._ends_ms
        scenario = self.run.scenario
        if scenario.is_endless or self._scheduler.is_waited_for or self._matcher.has_triggered:
            return False
        return scenario.lasts_ms is None or self.clock_ms >= scenario.lasts_ms

    def _judge_the_end(self) -> None:
        self._scheduler.judge_the_end()
        for wanted in self.run.scenario.expectations:
            if wanted.holds != "at the end":
                continue
            check = ExpectationCheck(wanted.path, wanted.condition, wanted.place)
            is_met = check.look(self.run)
            self._results.append(check.judged(self.run, is_met=is_met))

    async def _end(self) -> list[Result]:
        """Stop everything that is still running, and return the remaining results."""
        for timer in (*self._end_timers, self._look_timer):
            if timer is not None:
                timer.cancel()
        for publisher in list(self.run.publishers.values()):
            # If its stream is gone with the world, only its encoder is left to stop.
            with suppress(Refused):
                await publisher.stop("the scenario is over")
        for viewers in self.run.real_viewers.values():
            await viewers.close()
        if not self._matcher.is_void:
            await self._scheduler.cancel()
        self._log.end()
        self._scheduler.report_never_begun()
        results = list(self._results)
        if self._stopped:
            results.append(Broken(self.clock_ms, self._stopped, is_failure=False))
        return results
