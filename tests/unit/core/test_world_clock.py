"""A world's clock in each of its modes. Tests of running clocks check order, never speed."""

import asyncio

import pytest

from emulator.core.clock import steady_ns, wall_ns
from emulator.core.errors import Refused
from emulator.core.world_clock import WorldClock
from tests.support.tables import table

HOUR_MS = 3_600_000


def passed(duration_ms: int) -> None:
    """Return when this much of the machine's time has passed."""
    marked_ns = steady_ns()
    while steady_ns() < marked_ns + duration_ms * 1_000_000:
        pass


@pytest.fixture
def standing() -> WorldClock:
    return WorldClock.standing(1_000)


def test_world_clock_that_stands_never_ran() -> None:
    # The machine's millisecond may change between any two of these calls.
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
    # Given a task that sleeps on the clock, hour after hour, as the recorder does,
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

        # then it has woken up at each of its hours.
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


async def test_world_clock_running_continues_from_its_advanced_instant() -> None:
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


@table(
    ("speed", "now_ms", "mode", "is_standing"),
    [
        (None, 2, "real", False),
        (0, 2, "virtual", True),
        (0, None, "virtual", True),
        (7, 2, "scaled", False),
        (7, None, "scaled", False),
        (1, 2, "real", False),
        (None, None, "real", False),
    ],
)
def test_world_clock_running_is_set_to_an_instant_and_a_speed(
    speed: float | None, now_ms: int | None, mode: str, is_standing: bool
) -> None:
    async def check() -> None:
        clock = WorldClock()
        goal_ms = None if now_ms is None else clock.now_ms() + now_ms * HOUR_MS
        due_ms = clock.now_ms() + HOUR_MS
        seen: list[int] = []
        clock.call_at(due_ms, lambda: seen.append(clock.now_ms()))

        await clock.set(speed, goal_ms)

        assert (clock.mode, clock.keeps_machine_time) == (mode, not is_standing)
        assert clock.speed == (1 if speed is None else speed)
        if goal_ms is not None:
            assert seen == [due_ms]
            assert goal_ms <= clock.now_ms() < goal_ms + HOUR_MS
        if is_standing:
            assert {clock.now_ms() for _ in range(1_000)} == {goal_ms or clock.now_ms()}
        else:
            # It runs: timers that are due soon fire by themselves.
            rung = asyncio.Event()
            clock.call_at(clock.now_ms() + 1, rung.set)
            await rung.wait()
        clock.close()

    asyncio.run(check())


@table("speed", [0.01, 0.5, 1, 3, 10_000])
def test_world_clock_runs_at_its_multiple_of_machine_time(speed: float) -> None:
    async def check() -> None:
        clock = WorldClock.standing(0)
        clock.run(speed)
        # The world's clock is read between two readings of the machine's: the test needs no speed.
        before_ns, first_ms, after_ns = steady_ns(), clock.now_ms(), steady_ns()
        passed(20)
        begun_ns = steady_ns()
        second_ms, ended_ns = clock.now_ms(), steady_ns()

        least = (begun_ns - after_ns) * speed / 1e6
        most = (ended_ns - before_ns) * speed / 1e6
        assert least - 1 <= second_ms - first_ms <= most + 1

    asyncio.run(check())


def test_world_clock_speed_and_date_are_bounded() -> None:
    with pytest.raises(Refused, match=r"0\.01 to 10000, not 0\.0099\."):
        WorldClock.standing(0).run(0.0099)
    with pytest.raises(Refused, match=r"not 10000\.1\."):
        WorldClock.standing(0).run(10_000.1)
    last_ms = 221_845_392_000_000
    assert WorldClock.standing(last_ms).now_ms() == last_ms
    with pytest.raises(Refused, match="year 9000"):
        WorldClock.standing(last_ms + 1)


async def test_world_clock_advances_to_its_last_instant_and_no_further() -> None:
    clock = WorldClock.standing(221_845_392_000_000 - 5)
    with pytest.raises(Refused, match="year 9000"):
        await clock.pass_time(6)
    await clock.pass_time(5)
    await clock.pass_time(0)
    assert clock.now_ms() == 221_845_392_000_000


async def test_world_clock_timer_that_sets_itself_again_lets_the_loop_run(
    standing: WorldClock,
) -> None:
    """Each firing runs the calls that were due when it began; others run in between."""
    seen: list[str] = []

    def act() -> None:
        seen.append("act")
        asyncio.get_running_loop().call_soon(seen.append, "loop")
        if seen.count("act") < 4:
            standing.call_at(standing.now_ms(), act)

    standing.call_at(2_000, act)
    standing.call_at(2_000, lambda: seen.append("beside"))
    await standing.pass_time(1_000)

    assert seen == ["act", "beside", "loop", *["act", "loop"] * 3]
    assert (standing.now_ms(), standing.pending) == (2_000, 0)


async def test_world_clock_standing_lets_a_timer_set_itself_again_at_once(
    standing: WorldClock,
) -> None:
    seen: list[int] = []
    is_over = asyncio.Event()

    def act() -> None:
        seen.append(standing.now_ms())
        if len(seen) < 5:
            standing.call_at(standing.now_ms(), act)
        else:
            is_over.set()

    standing.call_at(standing.now_ms(), act)

    assert seen == []
    await is_over.wait()
    assert seen == [1_000] * 5


async def test_world_clock_standing_runs_an_overdue_timer_now(standing: WorldClock) -> None:
    """An overdue call is late; it runs at the instant at which the clock stands."""
    seen: list[tuple[str, int]] = []
    is_over = asyncio.Event()
    standing.call_at(1_001, lambda: seen.append(("not yet", standing.now_ms())))
    standing.call_at(999, is_over.set)
    standing.call_at(0, lambda: seen.append(("overdue", standing.now_ms())))

    await is_over.wait()

    assert seen == [("overdue", 1_000)]
    assert (standing.now_ms(), standing.pending) == (1_000, 1)
    await standing.pass_to_next()
    assert seen[1:] == [("not yet", 1_001)]
    await standing.pass_to_next()
    assert standing.now_ms() == 1_001


async def test_world_clock_overdue_timers_do_not_turn_an_advancing_clock_back(
    standing: WorldClock,
) -> None:
    seen: list[int] = []
    standing.call_at(10, lambda: seen.append(standing.now_ms()))

    await standing.pass_to_next()

    assert (seen, standing.now_ms()) == ([1_000], 1_000)


async def test_world_clock_frozen_runs_nothing_until_it_runs_again() -> None:
    clock = WorldClock()
    rung = asyncio.Event()
    clock.call_at(clock.now_ms() + 1, rung.set)
    clock.freeze()
    stands_at_ms = clock.now_ms()
    await asyncio.to_thread(passed, 3)

    # It may have been due before the clock was stopped: then it has run; otherwise it waits.
    assert rung.is_set() or clock.pending == 1
    assert (clock.mode, clock.speed, clock.now_ms()) == ("virtual", 0, stands_at_ms)
    clock.run(1)
    await rung.wait()
    clock.close()


async def test_world_clock_earlier_timer_comes_first_in_any_order_of_setting() -> None:
    clock = WorldClock()
    rung = asyncio.Event()
    clock.call_at(clock.now_ms() + HOUR_MS, lambda: None)
    clock.call_at(clock.now_ms() + 1, rung.set)
    clock.call_at(clock.now_ms() + HOUR_MS, lambda: None)

    await rung.wait()

    assert clock.pending == 2
    clock.close()
    assert clock.pending == 0


async def test_world_clock_closed_does_nothing_more(standing: WorldClock) -> None:
    seen: list[int] = []
    for when_ms in (1_000, 2_000):
        standing.call_at(when_ms, lambda: seen.append(standing.now_ms()))
    standing.call_at(3_000, lambda: None).cancel()
    assert standing.pending == 2

    standing.close()
    await asyncio.sleep(0)
    await standing.pass_time(HOUR_MS)

    assert (seen, standing.pending) == ([], 0)


@table("begin_ms", [None, 1_000])
def test_world_clock_speed_set_by_a_timer_wins(begin_ms: int | None) -> None:
    async def check() -> None:
        clock = WorldClock() if begin_ms is None else WorldClock.standing(begin_ms)
        clock.call_at(clock.now_ms() + 10, lambda: clock.run(5))
        await clock.pass_time(1_000)
        assert clock.speed == 5
        clock.close()

    asyncio.run(check())


async def test_world_clock_waits_for_all_work_and_its_effects(standing: WorldClock) -> None:
    seen: list[str] = []

    async def work(name: str, turns: int) -> None:
        with standing.working():
            for _ in range(turns):
                await asyncio.to_thread(lambda: None)
        seen.append(name)
        assert standing.now_ms() == 2_000

    def begin() -> None:
        tasks.extend(asyncio.create_task(work(name, turns)) for name, turns in jobs)

    tasks: list[asyncio.Task[None]] = []
    jobs = (("short", 1), ("long", 20))
    standing.call_at(2_000, begin)
    standing.call_at(2_001, lambda: seen.append("later"))
    await standing.pass_time(5_000)

    assert seen == ["short", "long", "later"]
    await asyncio.gather(*tasks)


@table("begin_ms", [0, 1_767_225_600_000, 4_000_000_000_000])
def test_world_clock_tells_how_far_it_is_ahead_of_the_machine(begin_ms: int) -> None:
    clock = WorldClock.standing(begin_ms)
    before_ms = wall_ns() // 1_000_000
    ahead_ms = clock.ahead_ms
    after_ms = wall_ns() // 1_000_000
    assert begin_ms - after_ms <= ahead_ms <= begin_ms - before_ms


def test_world_clock_running_by_itself_is_not_ahead() -> None:
    # The process may be stopped between two readings of the machine's clock, but not each time.
    assert max(WorldClock().ahead_ms for _ in range(1_000)) == 0


def test_world_clock_advances_without_an_event_loop_and_runs_on() -> None:
    clock = WorldClock(begin_ms=1_000, speed=2)
    clock.advance(HOUR_MS)
    assert (clock.mode, clock.speed) == ("scaled", 2)
    assert 1_000 + HOUR_MS <= clock.now_ms() < 1_000 + 2 * HOUR_MS


async def test_world_clock_set_to_stand_stops_without_running_further() -> None:
    clock = WorldClock()
    clock.run(10_000)
    goal_ms = clock.now_ms() + HOUR_MS
    await clock.set(0, goal_ms)
    assert clock.now_ms() == goal_ms
