"""A world's clock in each of its modes. Running ones are asked for order, never for speed."""

import asyncio

import pytest

from emulator.core.clock import wall_ns
from emulator.core.errors import Refused
from emulator.core.world_clock import WorldClock

HOUR_MS = 3_600_000


@pytest.fixture
def standing() -> WorldClock:
    return WorldClock.standing(1_000)


def test_world_clock_that_stands_never_ran() -> None:
    # The machine's own millisecond goes on between any two of these calls, now and then.
    assert {WorldClock.standing(1_000).now_ms() for _ in range(5_000)} == {1_000}


def test_world_clock_starts_at_machine_time_and_never_goes_back() -> None:
    clock = WorldClock()

    seen = [clock.now_ms() for _ in range(1_000)]

    assert clock.mode == "real"
    assert seen == sorted(seen)
    assert 0 <= wall_ns() // 1_000_000 - seen[-1] < 10_000


async def test_world_clock_standing_jumps_to_each_due_timer_in_order(standing: WorldClock) -> None:
    seen: list[tuple[str, int]] = []
    standing.call_at(9_000, lambda: seen.append(("late", standing.now_ms())))
    standing.call_at(2_000, lambda: seen.append(("early", standing.now_ms())))
    standing.call_at(2_000, lambda: seen.append(("beside", standing.now_ms())))

    await standing.pass_time(5_000)

    assert seen == [("early", 2_000), ("beside", 2_000)]
    assert (standing.mode, standing.now_ms(), standing.pending) == ("virtual", 6_000, 1)
    await standing.pass_time(3_000)
    assert seen[-1] == ("late", 9_000)


async def test_world_clock_task_woken_by_a_timer_runs_at_its_instant(standing: WorldClock) -> None:
    # Given a follower that sleeps on the clock, hour after hour, as the recorder does,
    seen: list[int] = []

    async def follow() -> None:
        for hour in range(1, 4):
            due = asyncio.Event()
            standing.call_at(1_000 + hour * HOUR_MS, due.set)
            await due.wait()
            seen.append(standing.now_ms())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        # when a day passes at once,
        await standing.pass_time(24 * HOUR_MS)

        # then it has waked at each of its hours.
        assert seen == [1_000 + hour * HOUR_MS for hour in range(1, 4)]


async def test_world_clock_waits_for_work_that_takes_machine_time(standing: WorldClock) -> None:
    done: list[int] = []

    async def work() -> None:
        with standing.working():
            await asyncio.to_thread(lambda: None)
            done.append(standing.now_ms())
        due = asyncio.Event()
        standing.call_at(3_000, due.set)
        await due.wait()
        done.append(standing.now_ms())

    running: list[asyncio.Task[None]] = []
    standing.call_at(2_000, lambda: running.append(asyncio.create_task(work())))

    await standing.pass_time(HOUR_MS)

    assert done == [2_000, 3_000]
    await running[0]


async def test_world_clock_standing_still_runs_timers_already_due(standing: WorldClock) -> None:
    happened = asyncio.Event()

    standing.call_at(standing.now_ms(), happened.set)

    await happened.wait()
    assert standing.now_ms() == 1_000


async def test_world_clock_running_fires_timers_by_itself() -> None:
    clock = WorldClock()
    clock.run(1_000)
    began_ms = clock.now_ms()
    seen: list[tuple[str, bool]] = []
    rung = asyncio.Event()

    def second() -> None:
        seen.append(("second", clock.now_ms() >= began_ms + 2_000))
        rung.set()

    clock.call_at(began_ms + 2_000, second)
    clock.call_at(began_ms + 1_000, lambda: seen.append(("first", True)))
    clock.call_at(began_ms + 500, lambda: seen.append(("never", True))).cancel()

    await rung.wait()
    assert seen == [("first", True), ("second", True)]
    assert clock.mode == "scaled"
    clock.close()


async def test_world_clock_running_goes_on_from_where_it_is_advanced_to() -> None:
    clock = WorldClock()
    seen: list[int] = []
    due_ms = clock.now_ms() + HOUR_MS
    clock.call_at(due_ms, lambda: seen.append(clock.now_ms()))

    await clock.pass_time(2 * HOUR_MS)

    assert seen == [due_ms]
    assert clock.mode == "real"
    arrived_ms = clock.now_ms()
    assert due_ms + HOUR_MS <= arrived_ms < due_ms + 2 * HOUR_MS
    clock.run(1)
    assert clock.now_ms() >= arrived_ms


def test_world_clock_standing_needs_no_event_loop(standing: WorldClock) -> None:
    seen: list[int] = []

    def again() -> None:
        seen.append(standing.now_ms())
        if len(seen) < 3:
            standing.call_at(standing.now_ms() + 1_000, again)

    standing.call_at(standing.now_ms(), again)
    standing.advance(10_000)

    assert seen == [1_000, 2_000, 3_000]
    assert standing.now_ms() == 11_000


async def test_world_clock_failing_timer_does_not_stop_the_others(standing: WorldClock) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: failures.append(context["exception"])
    )
    seen: list[str] = []
    standing.call_at(2_000, lambda: seen.append(str(1 / 0)))
    standing.call_at(2_000, lambda: seen.append("the other"))

    await standing.pass_time(5_000)

    assert seen == ["the other"]
    assert [type(failure) for failure in failures] == [ZeroDivisionError]


async def test_world_clock_concurrent_advances_each_get_their_time(standing: WorldClock) -> None:
    await asyncio.gather(*(standing.pass_time(1_000) for _ in range(5)))

    assert standing.now_ms() == 6_000


async def test_world_clock_refuses_step_back_and_impossible_speed(standing: WorldClock) -> None:
    with pytest.raises(Refused, match="backwards"):
        await standing.pass_time(-1)
    with pytest.raises(ValueError, match="cannot go back"):
        standing.advance(-1)
    for speed in (0, -1, 1e9, float("nan"), float("inf")):
        with pytest.raises(Refused, match="speed is"):
            standing.run(speed)
    assert (standing.mode, standing.now_ms()) == ("virtual", 1_000)


def test_world_clock_cancelled_timers_do_not_pile_up(standing: WorldClock) -> None:
    for _ in range(10_000):
        standing.call_at(standing.now_ms() + HOUR_MS, lambda: None).cancel()

    assert standing.pending == 0
    assert len(standing._agenda) < 200
