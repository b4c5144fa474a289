"""Full garbage collections wait for a quiet moment, but not for ever."""

import asyncio
import gc

import pytest

from emulator.cli.lib.collector import collect_in_quiet, is_time
from tests.support.tables import table


@table(
    ("count", "waited_seconds", "share", "expected"),
    [
        (9, 3600, 0.0, False),
        (10, 0, 0.0, True),
        (10, 59, 0.5, False),
        (10, 60, 0.5, True),
        (99, 0, 0.5, False),
        (100, 0, 1.0, True),
    ],
)
def test_collector_full_collection_waits_for_quiet_within_a_bound(
    count: int, waited_seconds: int, share: float, expected: bool
) -> None:
    assert is_time(count, waited_seconds, share) is expected


async def test_collector_cancelled_gives_collection_back_to_python() -> None:
    usual = gc.get_threshold()
    collecting = asyncio.create_task(collect_in_quiet())
    await asyncio.sleep(0)
    assert gc.get_threshold()[:2] == usual[:2]
    assert gc.get_threshold()[2] > usual[2]
    collecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await collecting
    assert gc.get_threshold() == usual
