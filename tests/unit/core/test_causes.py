"""The events of a piece of work, separated from those of other work during its waits."""

import asyncio

from emulator.core import causes


async def test_causes_belong_to_the_work_that_waits_between_them() -> None:
    is_second_done = asyncio.Event()

    async def first() -> list[causes.Range]:
        with causes.collecting() as effects:
            causes.note(1, 1)
            await is_second_done.wait()
            causes.note(4, 4)
            causes.note(5, 9)
        return effects.ranges

    async def second() -> list[causes.Range]:
        with causes.collecting() as effects:
            causes.note(2, 3)
        is_second_done.set()
        causes.note(10, 10)
        return effects.ranges

    assert tuple(await asyncio.gather(first(), second())) == ([(1, 1), (4, 9)], [(2, 3)])


async def test_causes_of_an_endless_task_are_not_collected_for_ever() -> None:
    is_over = asyncio.Event()

    async def go_on() -> None:
        causes.note(1, 1)
        await is_over.wait()
        causes.note(2, 2)

    with causes.collecting() as effects:
        task = asyncio.create_task(go_on())
        await asyncio.sleep(0)
    is_over.set()
    await task
    assert effects.ranges == [(1, 1)]


def test_causes_are_bounded() -> None:
    with causes.collecting() as effects:
        for number in range(1_000):
            causes.note(2 * number, 2 * number)
    assert len(effects.ranges) == 100
