"""A thousand schedules of crashes and faults on simulated sockets, disk and clock, by seed.

Run a single one that fails again with `python -m tests.trials.simulations --schedules 1 --seed 20`.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.simulation import Schedule, place_for

_SCHEDULES = 1_000
_A_TEST = 100


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with place_for("simulation") as place:
        yield place


@pytest.mark.parametrize("first", range(0, _SCHEDULES, _A_TEST))
async def test_simulation_loses_nothing_and_leaves_nothing_half(
    first: int, folder: Path, subtests: pytest.Subtests
) -> None:
    for seed in range(first, first + _A_TEST):
        place = folder / str(seed)
        place.mkdir()
        with subtests.test(seed=seed):
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
