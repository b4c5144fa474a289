"""Runner: plays one scenario in one world, on whatever clock that has, and yields what comes of it.

One loop: do what is due, judge what is expected, wait for the next instant. On a virtual clock
nothing else moves time, so that the same file always makes the same evening.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from emulator.core.bus import BurstListener, Listener
from emulator.core.errors import Refused
from emulator.scenario.engine.event_matcher import EventLog, EventMatcher
from emulator.scenario.engine.expectations import ExpectationCheck
from emulator.scenario.engine.pace import Pace
from emulator.scenario.engine.results import Broken, Noted, Result
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.scheduler import Scheduler
from emulator.scenario.engine.setup import prepare

log = logging.getLogger(__name__)

Subscribe = Callable[[Listener, BurstListener], Callable[[], None]]


class Runner:
    """`subscribe` is the world's bus. `write` takes the event log's lines.

    `ends_ms` ends the evening so long after its start, whatever still goes on.
    """

    def __init__(
        self,
        evening: Run,
        pace: Pace,
        subscribe: Subscribe,
        *,
        write: Callable[[str], object] | None = None,
        ends_ms: int | None = None,
    ) -> None:
        self.evening = evening
        # Called at each instant, once all that happens then has happened. It may say in how many
        # milliseconds it wants to look again.
        self.look: Callable[[], int | None] = lambda: None
        self._look_again_ms: int | None = None
        self._pace = pace
        self._subscribe = subscribe
        self._ends_ms = ends_ms
        self._stopped = ""
        self._results: deque[Result] = deque()
        evening.began_ms = evening.world.now_ms
        evening.is_virtual = pace.is_virtual
        evening.note = lambda text: self._results.append(Noted(self.clock_ms, text))
        self._turns = Scheduler(evening, self._results.append, pace.wake)
        self._hearing = EventMatcher(evening, pace.wake)
        self._log = EventLog(evening, write)

    @property
    def clock_ms(self) -> int:
        """How long the evening has gone on."""
        return self.evening.world.now_ms - self.evening.began_ms

    @property
    def log_hash(self) -> str:
        return self._log.log_hash

    @property
    def events(self) -> int:
        return self._log.count

    @property
    def under_way(self) -> list[str]:
        """The names of the steps that go on at the moment."""
        return [turn.step.name for turn in self._turns.under_way]

    def stop(self, reason: str) -> None:
        """End the evening now. What must be true at its end is judged all the same."""
        self._stopped = self._stopped or reason
        self._pace.wake()

    async def play(self) -> AsyncIterator[Result]:
        """Play it all. What ends it early is told as `Broken`; the world's rules are put back."""
        world = self.evening.world
        rules = world.rules
        unsubscribe = self._subscribe(self._hearing.hear, self._hearing.hear_burst)
        try:
            self._check_end()
            prepare(self.evening)
            self._turns.set_out()
            async for result in self._evening_long():
                yield result
        except Refused as refused:
            yield Broken(self.clock_ms, refused.message, is_failure=True)
        except Exception as error:
            # Our own bug: the report says so, and what was played until here.
            log.exception("a run failed scenario=%s", self.evening.scenario.file)
            yield Broken(self.clock_ms, f"{type(error).__name__}: {error}", is_failure=True)
        finally:
            unsubscribe()
            world.rules = rules
            if self.evening.counts.get("event/FaultStarted"):
                # Nobody else is to stumble over what this evening broke.
                world.faults.clear()
        for result in await self._end():
            yield result

    async def _evening_long(self) -> AsyncIterator[Result]:
        while True:
            await self._instant()
            while self._results:
                yield self._results.popleft()
            if self._hearing.is_void:
                raise Refused("unavailable", "Its world was replaced under it.")
            if self._is_over():
                break
            await self._pace.until(self._next_ms())
        self._judge_the_end()

    def _check_end(self) -> None:
        if self.evening.scenario.is_endless and self._ends_ms is None and self._pace.is_virtual:
            raise Refused(
                "invalid",
                "This scenario lasts forever. On the virtual clock, say how long to play it:"
                " --for 10m.",
            )

    async def _instant(self) -> None:
        """Everything that happens now, and all that follows from it at once."""
        while True:
            self._turns.take_awaited()
            for step in self._hearing.take():
                self._turns.call(step)
            if not await self._turns.do_due() and not self._hearing.has_called:
                break
        self._turns.judge()
        self._log.follow()
        wait_ms = self.look()
        self._look_again_ms = None if wait_ms is None else self.evening.world.now_ms + wait_ms

    def _is_over(self) -> bool:
        if self._stopped:
            return True
        if self._ends_ms is not None:
            return self.clock_ms >= self._ends_ms
        scenario = self.evening.scenario
        if scenario.is_endless or self._turns.is_waited_for or self._hearing.has_called:
            return False
        return scenario.lasts_ms is None or self.clock_ms >= scenario.lasts_ms

    def _next_ms(self) -> int | None:
        """When to look again at the latest."""
        ends = [self._turns.next_ms(), self._look_again_ms]
        for length_ms in (self._ends_ms, self.evening.scenario.lasts_ms):
            if length_ms is not None and self.clock_ms < length_ms:
                ends.append(self.evening.began_ms + length_ms)
        return min((each for each in ends if each is not None), default=None)

    def _judge_the_end(self) -> None:
        self._turns.judge_the_end()
        for expectation in self.evening.scenario.expectations:
            if expectation.holds != "at the end":
                continue
            watch = ExpectationCheck(expectation.path, expectation.condition, expectation.place)
            is_met = watch.look(self.evening)
            self._results.append(watch.judged(self.evening, is_met=is_met))

    async def _end(self) -> list[Result]:
        """Stop what still goes on, and tell the rest."""
        for publisher in list(self.evening.publishers.values()):
            # Whose stream is gone with its world has nothing to stop but its encoder.
            with suppress(Refused):
                await publisher.stop("the scenario is over")
        for crowd in self.evening.crowds.values():
            await crowd.close()
        if not self._hearing.is_void:
            await self._turns.cut_short()
            self._log.follow()
        self._turns.tell_never_begun()
        found = list(self._results)
        if self._stopped:
            found.append(Broken(self.clock_ms, self._stopped, is_failure=False))
        return found
