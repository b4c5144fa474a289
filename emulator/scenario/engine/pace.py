"""Pace: how a run waits for an instant of its world: by jumping there, or by letting time pass."""

import asyncio
from typing import Protocol

from emulator.core.clock import Clock, ManualClock
from emulator.core.world_clock import WorldClock

# A world's clock may be set from outside meanwhile: it is looked at so often at least.
_LOOK_SECONDS_MAX = 0.25


class Pace(Protocol):
    """`is_virtual`: nothing but the run moves time."""

    is_virtual: bool

    async def until(self, at_ms: int | None) -> None:
        """Return at the instant `at_ms`, or earlier when something happened. None: then only."""
        ...

    def wake(self) -> None:
        """Something happened: look now."""
        ...


class Jumping:
    """Virtual time: from one due thing to the next, each at its instant."""

    is_virtual = True

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    async def until(self, at_ms: int | None) -> None:
        clock = self._clock
        due_ms = clock.next_due_ms()
        if at_ms is None or (due_ms is not None and due_ms < at_ms):
            at_ms = due_ms
        if at_ms is None:
            return
        left_ms = max(0, at_ms - clock.now_ms())
        if isinstance(clock, WorldClock):
            await clock.pass_time(left_ms)
        else:
            clock.advance(left_ms)

    def wake(self) -> None:
        """Whoever jumps looks at every instant anyway."""


class Waiting:
    """Real or scaled time: it passes by itself."""

    is_virtual = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._news = asyncio.Event()

    async def until(self, at_ms: int | None) -> None:
        speed = self._clock.speed if isinstance(self._clock, WorldClock) else 1.0
        left_seconds = _LOOK_SECONDS_MAX
        if at_ms is not None and speed:
            left_seconds = (at_ms - self._clock.now_ms()) / 1000 / speed
        if left_seconds > 0:
            try:
                async with asyncio.timeout(min(left_seconds, _LOOK_SECONDS_MAX)):
                    await self._news.wait()
            except TimeoutError:
                pass
        self._news.clear()

    def wake(self) -> None:
        self._news.set()
