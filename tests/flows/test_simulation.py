"""Schedules of crashes and faults on sockets, a disk and a clock of our own, each by its seed.

`make kill` runs thousands of them. One that fails here is run again by itself with
`pytest tests/flows/test_simulation.py -k "[17]"`.
"""

from pathlib import Path

import pytest

from tests.support.simulation import Schedule

SEEDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulation")


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_simulation_loses_nothing_and_leaves_nothing_half(seed: int, folder: Path) -> None:
    place = folder / str(seed)
    place.mkdir()
    await Schedule(seed, place).run()


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
