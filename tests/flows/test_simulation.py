"""Schedules of crashes and faults on sockets, a disk and a clock of our own, each by its seed.

`make simulations` runs a thousand of them, and here are every tenth. One that fails is run again by
itself with `pytest tests/flows/test_simulation.py -k "[20]"`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.simulation import Schedule, place_for

SEEDS = range(0, 1_000, 10)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with place_for("simulation") as place:
        yield place


@pytest.mark.parametrize("seed", SEEDS)
async def test_simulation_loses_nothing_and_leaves_nothing_half(seed: int, folder: Path) -> None:
    place = folder / str(seed)
    place.mkdir()
    await Schedule(seed, place).run()
    shutil.rmtree(place)


async def test_simulation_same_seed_does_the_same(folder: Path) -> None:
    def outcome(schedule: Schedule) -> tuple[object, ...]:
        return schedule.crashes, schedule.refusals, schedule.journal, sorted(schedule.segments)

    schedules = []
    for name in ("first", "again"):
        (folder / name).mkdir()
        schedules.append(Schedule(11, folder / name))
        await schedules[-1].run()
    first, again = map(outcome, schedules)
    assert first == again
    assert schedules[0].crashes
