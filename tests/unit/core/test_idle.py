"""Idle detection on each kind of event loop that the emulator runs on."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator

import pytest

from emulator.core.idle import TURNS_MAX, ready_callbacks, wait_until_idle
from emulator.core.world_clock import WorldClock

LOOPS = [asyncio.new_event_loop]
if sys.platform != "win32":
    import uvloop

    LOOPS.append(uvloop.new_event_loop)


async def yields(length: int) -> None:
    for _ in range(length):
        await asyncio.sleep(0)


async def tasks(length: int) -> None:
    """A chain of tasks, each of which waits for the next."""
    if length:
        await asyncio.create_task(tasks(length - 1))


async def callbacks(length: int) -> None:
    """A chain of callbacks, during which no task runs."""
    done = asyncio.get_running_loop().create_future()

    def link(left: int) -> None:
        if left:
            asyncio.get_running_loop().call_soon(link, left - 1)
        else:
            done.set_result(None)

    link(length)
    await done


@pytest.fixture(params=LOOPS, ids=["asyncio", "uvloop"][: len(LOOPS)])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner


def test_idle_ready_callbacks_are_those_not_yet_called(runner: asyncio.Runner) -> None:
    """If this fails, the loop has renamed a private attribute that `core/idle` uses."""

    async def count() -> None:
        ready = ready_callbacks(asyncio.get_running_loop())
        assert ready is not None
        assert len(ready) == 0
        for _ in range(3):
            asyncio.get_running_loop().call_soon(lambda: None)
        assert len(ready) == 3
        await asyncio.sleep(0)
        assert len(ready) == 0

    runner.run(count())


@pytest.mark.parametrize("chain", [yields, tasks, callbacks])
def test_idle_chains_of_1_to_200_awaits_end_in_their_first_instant(
    runner: asyncio.Runner, chain: Callable[[int], Awaitable[None]]
) -> None:
    assert runner.run(_instants(chain)) == {length: 1_000 * length for length in range(1, 201)}


def test_idle_chains_keep_their_instant_with_endless_tasks_running(runner: asyncio.Runner) -> None:
    async def beside() -> dict[int, int]:
        busy = asyncio.create_task(yields(10**9))
        try:
            return await _instants(yields, lengths=range(1, 201, 20))
        finally:
            busy.cancel()

    assert runner.run(beside()) == {length: 1_000 * length for length in range(1, 201, 20)}


async def _instants(
    chain: Callable[[int], Awaitable[None]], lengths: range = range(1, 201)
) -> dict[int, int]:
    """The ends of chains, where one of N awaits begins N seconds after the clock's start."""
    clock = WorldClock.standing(0)
    ended: dict[int, int] = {}

    async def follow(length: int) -> None:
        due = asyncio.Event()
        clock.call_at(1_000 * length, due.set)
        # Another timer is due soon after, which a clock would reach that advances too early.
        clock.call_at(1_000 * length + 1, lambda: None)
        await due.wait()
        await chain(length)
        ended[length] = clock.now_ms()

    async with asyncio.TaskGroup() as group:
        for length in lengths:
            group.create_task(follow(length))
        await clock.pass_time(1_000_000)
    return ended


def test_idle_loop_that_is_never_idle_is_waited_for_within_a_bound(
    runner: asyncio.Runner,
) -> None:
    async def turns() -> int:
        count = 0

        async def spin() -> None:
            nonlocal count
            while True:
                count += 1
                await asyncio.sleep(0)

        busy = asyncio.create_task(spin())
        await wait_until_idle()
        busy.cancel()
        return count

    assert TURNS_MAX <= runner.run(turns()) <= TURNS_MAX + 2


def test_idle_clocks_sharing_a_loop_advance_independently(runner: asyncio.Runner) -> None:
    """Neither clock waits for the other's timers or for its end."""

    async def play() -> list[str]:
        order: list[str] = []

        async def advance(name: str) -> None:
            clock = WorldClock.standing(0)

            async def act() -> None:
                await yields(20)
                order.append(name)
                assert clock.now_ms() == order.count(name) * 1_000

            acts: list[asyncio.Task[None]] = []
            for number in range(1, 51):
                clock.call_at(1_000 * number, lambda: acts.append(asyncio.create_task(act())))
            await clock.pass_time(50_000)
            await asyncio.gather(*acts)

        await asyncio.gather(*(advance(name) for name in "abc"))
        return order

    order = runner.run(play())

    assert {name: order.count(name) for name in "abc"} == dict.fromkeys("abc", 50)
    for end in range(150):
        counts = [order[:end].count(name) for name in "abc"]
        assert max(counts) - min(counts) <= 2
