"""WorldClock: one world's time. It runs like the machine's, slower, faster, or stands still.

Everything that is due in a world is on one agenda, in every mode of its clock. While time runs, one
timer of the event loop waits for the first entry. The clock belongs to the loop's thread.

While time stands, an advance goes to the next instant once nothing is left to run (`core/idle`).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from emulator.core.clock import ManualClock, Timer, steady_ns, wall_ns
from emulator.core.errors import Refused
from emulator.core.idle import wait_until_idle

Mode = Literal["real", "scaled", "virtual"]

SPEED_MIN = 0.01
SPEED_MAX = 10_000.0
# On two cores with a dozen other jobs, a clip took longer than a minute.
_WORK_SECONDS_MAX = 300.0
# An advance stops after this many instants at which something was due: about half a minute of work.
_INSTANTS_MAX = 500_000
# The year 9000: not every client can read later dates.
_LAST_MS = 221_845_392_000_000


class WorldClock(ManualClock):
    """Runs at the machine's pace from `begin_ms` on; without one, from the machine's time.

    With a `speed` of 0 it stands there. The machine's date is read only once: if somebody sets it
    later, this clock does not change (`ahead_ms` shows the difference). It never goes back.
    """

    def __init__(self, begin_ms: int | None = None, speed: float = 1.0) -> None:
        super().__init__(wall_ns() // 1_000_000 if begin_ms is None else begin_ms)
        self._speed = speed
        self._set_out()
        self._bell: asyncio.TimerHandle | None = None
        self._bell_ms: int | None = None
        self._passing = asyncio.Lock()
        self._works = 0
        self._rested = asyncio.Event()

    @classmethod
    def standing(cls, now_ms: int) -> "WorldClock":
        """A clock that stands at an instant. Refuses (`invalid`) the far future."""
        if now_ms > _LAST_MS:
            raise Refused("invalid", "A clock ends with the year 9000.")
        return cls(now_ms, speed=0)

    @property
    def mode(self) -> Mode:
        if self._speed == 0:
            return "virtual"
        return "real" if self._speed == 1 else "scaled"

    @property
    def keeps_machine_time(self) -> bool:
        return self._speed != 0

    @property
    def speed(self) -> float:
        """Seconds of the world's time in one second of the machine's; 0 while time stands."""
        return self._speed

    @property
    def pending(self) -> int:
        """The number of acts on the agenda."""
        return len(self._agenda) - self._cancelled

    @property
    def ahead_ms(self) -> int:
        """The lead of the world's time over the machine's; negative if it is behind."""
        return self.now_ms() - wall_ns() // 1_000_000

    def now_ms(self) -> int:
        if self._speed:
            passed_ns = steady_ns() - self._from_ns
            if self._speed != 1:
                passed_ns = int(passed_ns * self._speed)
            world_ms = self._from_ms + passed_ns // 1_000_000
            if world_ms > self._now_ms:
                self._now_ms = world_ms
        return self._now_ms

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        """Call `act` at the instant `when_ms`. While time runs, this needs a running event loop.

        While time stands, an act that is due already is called in the loop's next turn.
        """
        due = ManualClock.call_at(self, when_ms, act)
        is_coming = self._speed or when_ms <= self._now_ms
        if is_coming and (self._bell_ms is None or when_ms < self._bell_ms):
            self._wind()
        return due

    def run(self, speed: float = 1.0) -> None:
        """Let time run at this speed from now on. Refuses (`invalid`) a speed out of bounds."""
        if not SPEED_MIN <= speed <= SPEED_MAX:
            raise Refused(
                "invalid", f"A clock's speed is {SPEED_MIN} to {SPEED_MAX:g}, not {speed:g}."
            )
        self.now_ms()
        self._speed = speed
        self._set_out()
        self._wind()

    def freeze(self) -> None:
        """Let time stand until it is advanced, or runs again."""
        self.now_ms()
        self._speed = 0.0
        self._wind()

    def advance(self, duration_ms: int) -> None:
        """Let time pass at once, without an event loop; inside one, use `pass_time`."""
        speed = self._speed
        self.freeze()
        try:
            super().advance(duration_ms)
        finally:
            self._go_on(speed)

    async def pass_time(self, duration_ms: int) -> None:
        """Let time pass; returns once every act due by then was called and its effects are over.

        Time jumps from one due act to the next, and stands between them while any block is
        `working`. Refuses (`invalid`) a negative duration and the far future, and (`unavailable`)
        work that goes on for a minute, or too many acts on the way: the clock then stands at the
        last instant that it reached. Afterwards time runs, or stands, as before.
        """
        async with self._passing:
            await self._pass_until(self.now_ms() + duration_ms)

    async def pass_to_next(self) -> None:
        """Let time pass, as `pass_time` does, to the next instant at which something is due."""
        due_ms = self.next_due_ms()
        if due_ms is not None:
            await self.pass_time(max(0, due_ms - self.now_ms()))

    async def set(self, speed: float | None = None, now_ms: int | None = None) -> None:
        """Go to an instant, as `pass_time` does, and run at this speed from then on; 0 stands."""
        async with self._passing:
            if now_ms is not None:
                await self._pass_until(now_ms, stands_after=speed == 0)
            if speed == 0:
                self.freeze()
            elif speed is not None:
                self.run(speed)

    async def _pass_until(self, end_ms: int, *, stands_after: bool = False) -> None:
        if end_ms < self.now_ms():
            raise Refused("invalid", "Time does not run backwards.")
        if end_ms > _LAST_MS:
            raise Refused("invalid", "A clock ends with the year 9000.")
        speed = 0.0 if stands_after else self._speed
        if self._speed:
            self.freeze()
        try:
            await self._settle()
            for _ in range(_INSTANTS_MAX):
                due_ms = self.next_due_ms()
                if due_ms is None or due_ms > end_ms:
                    self._now_ms = end_ms
                    return
                self._now_ms = max(self._now_ms, due_ms)
                self._ring_due()
                await self._settle()
            raise Refused(
                "unavailable", f"Something was due at {_INSTANTS_MAX} instants. Ask again to go on."
            )
        finally:
            # If an act has set the speed meanwhile, that speed stays.
            if self._speed == 0 and speed:
                self._go_on(speed)
            elif self._speed == 0:
                self._wind()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Mark the block as waiting for work outside the loop, such as a thread's: time waits."""
        self._works += 1
        try:
            yield
        finally:
            self._works -= 1
            if self._works == 0:
                self._rested.set()

    def close(self) -> None:
        """Call no act any more, not even one that is due."""
        self._agenda.clear()
        self._cancelled = 0
        self._wind()

    async def _settle(self) -> None:
        """Wait until everything that this instant has caused is over, however long a chain it is.

        Work on threads, in processes and with other servers is waited for only inside `working`.
        """
        await wait_until_idle()
        while self._works:
            self._rested.clear()
            try:
                async with asyncio.timeout(_WORK_SECONDS_MAX):
                    await self._rested.wait()
            except TimeoutError:
                raise Refused(
                    "unavailable",
                    f"Something is still being worked on after {_WORK_SECONDS_MAX:g} s. The clock"
                    " stands at the instant at which that began; ask again.",
                ) from None
            await wait_until_idle()

    def _go_on(self, speed: float) -> None:
        self._speed = speed
        self._set_out()
        self._wind()

    def _set_out(self) -> None:
        """Let time run from this instant of the world and of the machine."""
        # The begun millisecond counts, so that a real clock changes when the machine's does.
        self._from_ms, self._from_ns = self._now_ms, steady_ns() - wall_ns() % 1_000_000

    def _wind(self) -> None:
        """Set the loop's timer to the next act that is called without an advance, if any."""
        if self._bell is not None:
            self._bell.cancel()
        self._bell = self._bell_ms = None
        due_ms = self.next_due_ms()
        if due_ms is None:
            return
        left_ms = max(0, due_ms - self.now_ms())
        if self._speed:
            loop = asyncio.get_running_loop()
            self._bell = loop.call_later(left_ms / 1000 / self._speed, self._ring)
        elif left_ms == 0 and (event_loop := _loop()) is not None:
            self._bell = event_loop.call_later(0, self._ring)
        if self._bell is not None:
            self._bell_ms = due_ms

    def _ring(self) -> None:
        self._bell = self._bell_ms = None
        self._ring_due()
        self._wind()

    def _ring_due(self) -> None:
        """Call the acts that are due. Acts that these make due at once wait for the next ring."""
        now_ms = self.now_ms()
        last = next(self._counter)
        while (due_ms := self.next_due_ms()) is not None and due_ms <= now_ms:
            if self._agenda[0][1] > last:
                break
            act = self._take()
            try:
                act()
            except Exception as error:  # One timer's failure must not stop the others.
                context = {"message": "an act of a world's clock failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)


def _loop() -> asyncio.AbstractEventLoop | None:
    """The running loop, or None: while time stands, a world may be used without one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
