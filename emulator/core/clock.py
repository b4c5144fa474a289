"""Time, passed in. Instants are whole milliseconds since 1970 UTC, everywhere in the project.

The only file that may ask the machine what time it is.
"""

import asyncio
import heapq
import itertools
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

# Cancelled timers are removed from an agenda once there are this many and they are more than half.
_SWEPT_FROM = 64


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """The view of time that the rest of the project has."""

    @property
    def keeps_machine_time(self) -> bool:
        """Whether time passes by itself; if not, every run under this clock is the same."""
        ...

    def now_ms(self) -> int:
        """This instant, in milliseconds since 1970 UTC."""
        ...

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        """Call `act` at the instant `when_ms`, or at the next chance if that is past."""
        ...

    def working(self) -> AbstractContextManager[None]:
        """Mark the block as real work that takes none of the world's time: the clock waits."""
        ...


class SystemClock:
    """The machine's clock. `call_at` needs a running event loop."""

    @property
    def keeps_machine_time(self) -> bool:
        return True

    def now_ms(self) -> int:
        return wall_ns() // 1_000_000

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        delay_seconds = max(0, when_ms - self.now_ms()) / 1000
        return asyncio.get_running_loop().call_later(delay_seconds, act)

    def working(self) -> AbstractContextManager[None]:
        return nullcontext()


class _Due:
    """One entry of a manual clock's agenda."""

    __slots__ = ("_clock", "act", "is_cancelled")

    def __init__(self, clock: "ManualClock", act: Callable[[], None]) -> None:
        self._clock = clock
        self.act = act
        self.is_cancelled = False

    def cancel(self) -> None:
        if not self.is_cancelled:
            self.is_cancelled = True
            self._clock.note_cancelled()


class ManualClock:
    """A clock that stands until it is advanced. Timers that are due then fire, in order."""

    def __init__(self, now_ms: int = 1_767_225_600_000) -> None:
        self._now_ms = now_ms
        self._agenda: list[tuple[int, int, _Due]] = []
        self._counter = itertools.count()
        self._cancelled = 0

    @property
    def keeps_machine_time(self) -> bool:
        return False

    def now_ms(self) -> int:
        return self._now_ms

    def call_at(self, when_ms: int, act: Callable[[], None]) -> Timer:
        due = _Due(self, act)
        heapq.heappush(self._agenda, (when_ms, next(self._counter), due))
        return due

    def working(self) -> AbstractContextManager[None]:
        return nullcontext()

    def next_due_ms(self) -> int | None:
        """The instant at which the next act is due, if there is one; it may be past."""
        agenda = self._agenda
        while agenda and agenda[0][2].is_cancelled:
            heapq.heappop(agenda)
            self._cancelled -= 1
        return agenda[0][0] if agenda else None

    def advance(self, duration_ms: int) -> None:
        """Let `duration_ms` pass: each due act sees the instant at which it was due.

        Refuses a negative duration (`ValueError`): time does not run backwards.
        """
        if duration_ms < 0:
            raise ValueError(f"a clock cannot go back: {duration_ms} ms")
        end_ms = self._now_ms + duration_ms
        while (due_ms := self.next_due_ms()) is not None and due_ms <= end_ms:
            self._now_ms = max(self._now_ms, due_ms)
            self._take()()
        self._now_ms = end_ms

    def note_cancelled(self) -> None:
        """Count one more cancelled entry of the agenda; now and then all of them are removed."""
        self._cancelled += 1
        if self._cancelled > _SWEPT_FROM and 2 * self._cancelled > len(self._agenda):
            self._agenda = [entry for entry in self._agenda if not entry[2].is_cancelled]
            heapq.heapify(self._agenda)
            self._cancelled = 0

    def _take(self) -> Callable[[], None]:
        """Remove the first act from the agenda; `next_due_ms` has said that there is one."""
        _, _, due = heapq.heappop(self._agenda)
        # To cancel it from now on must not count it as an entry of the agenda.
        due.is_cancelled = True
        return due.act


def wall_ns() -> int:
    """The machine's time, in nanoseconds since 1970 UTC."""
    return time.time_ns()


def steady_ns() -> int:
    """Nanoseconds since some fixed instant, from a clock that nobody can set.

    It includes the time that the machine slept, where the system has such a clock: Linux, macOS and
    Windows do.
    """
    if sys.platform == "win32" or not _HAS_CLOCKS:
        return time.perf_counter_ns()
    else:
        return time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


_HAS_CLOCKS = hasattr(time, "clock_gettime_ns")


def monotonic_ms() -> int:
    """Milliseconds for measuring a peer on the wire (timeouts, bit rates); never a world's time."""
    return time.monotonic_ns() // 1_000_000


def monotonic_us() -> int:
    """Microseconds for saying how long something took; never a world's time."""
    return time.monotonic_ns() // 1_000


def wall_us() -> int:
    """Microseconds since 1970, for what peers on the wire compare; never a world's time."""
    return time.time_ns() // 1_000


def busy_us() -> int:
    """Microseconds of processor time that this thread has used; never a world's time."""
    return time.thread_time_ns() // 1_000
