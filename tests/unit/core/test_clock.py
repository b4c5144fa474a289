import asyncio
import sys
import time
from functools import partial
from typing import Any

import pytest

from emulator.core import clock as clocks
from emulator.core.clock import ManualClock, SystemClock


def test_clock_runs_due_timers_in_order_at_their_own_instant() -> None:
    clock = ManualClock(now_ms=1_000)
    seen: list[tuple[str, int]] = []
    clock.call_at(3_000, lambda: seen.append(("late", clock.now_ms())))
    clock.call_at(2_000, lambda: seen.append(("early", clock.now_ms())))

    clock.advance(1_500)
    assert seen == [("early", 2_000)]
    clock.advance(500)

    assert seen == [("early", 2_000), ("late", 3_000)]
    assert clock.now_ms() == 3_000


def test_clock_cancelled_timer_does_nothing() -> None:
    clock = ManualClock()
    happened: list[int] = []
    clock.call_at(clock.now_ms() + 10, lambda: happened.append(1)).cancel()

    clock.advance(20)

    assert happened == []


def test_clock_runs_timers_that_fall_due_while_it_advances() -> None:
    clock = ManualClock(now_ms=0)
    seen: list[int] = []

    def again() -> None:
        clock.call_at(20, lambda: seen.append(clock.now_ms()))

    clock.call_at(10, again)

    clock.advance(100)

    assert seen == [20]


def test_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        ManualClock().advance(-1)


def test_system_clock_tells_the_machines_time_in_milliseconds() -> None:
    before_ns, now_ms, after_ns = time.time_ns(), SystemClock().now_ms(), time.time_ns()
    assert before_ns // 1_000_000 <= now_ms <= after_ns // 1_000_000
    assert SystemClock().keeps_machine_time


@pytest.mark.parametrize("late_ms", [-60_000, 0, 5])
async def test_system_clock_calls_at_its_instant_or_at_once(late_ms: int) -> None:
    clock, called = SystemClock(), asyncio.Event()
    due_ms = clock.now_ms() + late_ms
    clock.call_at(due_ms, called.set)
    assert not called.is_set()  # It never runs within the call, since the caller is not done yet.
    async with asyncio.timeout(30):
        await called.wait()
    # The event loop rounds to its clock's resolution.
    assert clock.now_ms() >= due_ms - 1


async def test_system_clock_overdue_timer_runs_before_a_future_one() -> None:
    clock, order, later = SystemClock(), list[str](), asyncio.Event()
    clock.call_at(clock.now_ms() - 5_000, partial(order.append, "past"))
    loop = asyncio.get_running_loop()
    loop.call_later(0.0005, partial(order.append, "later"))
    loop.call_later(0.001, later.set)
    async with asyncio.timeout(30):
        await later.wait()
    assert order == ["past", "later"]


async def test_system_clock_cancelled_timer_does_nothing() -> None:
    clock, called = SystemClock(), asyncio.Event()
    clock.call_at(clock.now_ms(), lambda: pytest.fail("it was cancelled")).cancel()
    clock.call_at(clock.now_ms(), called.set)
    async with asyncio.timeout(30):
        await called.wait()


@pytest.mark.parametrize(
    ("read", "source", "unit_ns"),
    [
        (clocks.monotonic_ms, time.monotonic_ns, 1_000_000),
        (clocks.monotonic_us, time.monotonic_ns, 1_000),
        (clocks.wall_us, time.time_ns, 1_000),
        (clocks.wall_ns, time.time_ns, 1),
        (clocks.busy_us, time.thread_time_ns, 1_000),
    ],
)
def test_clock_each_tells_its_unit(read: Any, source: Any, unit_ns: int) -> None:
    before_ns, time_now, after_ns = source(), read(), source()
    assert before_ns // unit_ns <= time_now <= after_ns // unit_ns


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' clocks go on by themselves")
def test_clock_steady_time_counts_while_the_machine_sleeps() -> None:
    before_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before_ns <= clocks.steady_ns() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)
