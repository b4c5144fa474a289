"""Time, passed in. Instants are whole milliseconds since 1970 UTC, everywhere in the project.

The only file that may ask the machine what time it is.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the rest of the project knows of time."""

    def now_ms(self) -> int:
        """This instant, in milliseconds since 1970 UTC."""
        ...

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        """Call `act` at the instant `when_ms`, or at the next chance if that is past."""
        ...


class SystemClock:
    """The machine's clock. `call_at` needs a running event loop."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        delay_seconds = max(0, when_ms - self.now_ms()) / 1000
        return asyncio.get_running_loop().call_later(delay_seconds, act)


class _Due:
    """One entry of a manual clock's agenda."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualClock:
    """A clock that stands until somebody advances it. What is due then happens, in order."""

    def __init__(self, now_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = now_ms
        self._agenda: list[tuple[int, int, _Due]] = []
        self._counter = itertools.count()

    def now_ms(self) -> int:
        return self._now_ms

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        due = _Due(act)
        heapq.heappush(self._agenda, (when_ms, next(self._counter), due))
        return due

    def advance(self, duration_ms: int) -> None:
        """Let `duration_ms` pass: each due act sees the instant at which it was due.

        Refuses a negative duration (`ValueError`): time does not run backwards.
        """
        if duration_ms < 0:
            raise ValueError(f"a clock cannot go back: {duration_ms} ms")
        end_ms = self._now_ms + duration_ms
        while self._agenda and self._agenda[0][0] <= end_ms:
            when_ms, _, due = heapq.heappop(self._agenda)
            self._now_ms = max(self._now_ms, when_ms)
            if not due.is_cancelled:
                due.act()
        self._now_ms = end_ms


def monotonic_ms() -> int:
    """Milliseconds for measuring a peer on the wire (timeouts, bit rates); never a world's time."""
    return time.monotonic_ns() // 1_000_000


def monotonic_us() -> int:
    """Microseconds for saying how long something took; never a world's time."""
    return time.monotonic_ns() // 1_000
