"""Worlds and snapshots in memory are compressed when they are not used."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from emulator.platform.awake import AwakeStores
from emulator.platform.config import PlatformConfig
from emulator.platform.media_uids import Names
from emulator.world.store.database import open_database
from emulator.world.store.journal import Store

_NEVER_MS = 3_600_000


@pytest.fixture
def stores() -> Iterator[list[Store]]:
    """Four stores in memory; each knows its number."""
    source = Store(open_database(":memory:"))
    stores = [source.copy() for _ in range(4)]
    for number, store in enumerate(stores):
        with store.change():
            store.write("INSERT INTO meta VALUES ('number', ?)", number)
    yield stores
    for store in [source, *stores]:
        store.close()


@pytest.fixture
def names() -> dict[Store, Names]:
    return {}


@asynccontextmanager
async def watching(
    stores: list[Store], names: dict[Store, Names], awake_max: int, rest_ms: int = _NEVER_MS
) -> AsyncIterator[AwakeStores]:
    config = PlatformConfig(worlds_awake_max=awake_max, world_rest_ms=rest_ms)
    awake = AwakeStores(config, names)
    for store in stores:
        awake.watch(store)
    task = asyncio.create_task(awake.rest())
    yield awake
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not fact():  # noqa: ASYNC110  It tells nobody.
            await asyncio.sleep(0)


def number(store: Store) -> int:
    return store.number("SELECT value FROM meta WHERE name = 'number'")


async def test_awake_stores_above_the_bound_are_those_used_last(
    stores: list[Store], names: dict[Store, Names]
) -> None:
    # Given three stores where two may be awake: the oldest is compressed.
    *first, last = stores
    async with watching(first, names, awake_max=2) as awake:
        await until(lambda: awake.all() == first[1:])

        # When the older of the others is used, and one more comes,
        assert number(first[1]) == 1
        awake.watch(last)
        await until(lambda: len(awake.all()) == 2)

        # then the one that was not used makes room,
        assert set(awake.all()) == {first[1], last}
        # and all have what they had.
        assert [number(store) for store in stores] == [0, 1, 2, 3]


async def test_awake_stores_that_come_back_again_and_again_stay(
    stores: list[Store], names: dict[Store, Names]
) -> None:
    async def is_round_without_waking() -> bool:
        is_each_awake = []
        for store in stores:
            is_each_awake.append(store in awake.all())
            number(store)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return all(is_each_awake)

    # Four are used in turn where two may be awake: soon the four of them stay.
    async with watching(stores, names, awake_max=2) as awake, asyncio.timeout(60):
        await until(lambda: len(awake.all()) == 2)
        assert not await is_round_without_waking()
        while not await is_round_without_waking():
            pass


async def test_awake_unused_stores_are_compressed_after_their_time(
    stores: list[Store], names: dict[Store, Names]
) -> None:
    async with watching(stores, names, awake_max=10, rest_ms=1) as awake:
        for _ in range(2):
            await until(lambda: not awake.all())
            assert [number(store) for store in stores] == [0, 1, 2, 3]
            assert len(awake.all()) == 4


async def test_awake_closed_store_leaves_no_trace(
    stores: list[Store], names: dict[Store, Names]
) -> None:
    async with watching(stores, names, awake_max=2) as awake:
        await until(lambda: len(awake.all()) == 2)
        assert set(names) == set(stores[:2])
        for store in stores[1:]:
            store.close()
        assert awake.all() == []
        assert set(names) == {stores[0]}


async def test_awake_large_store_stays_and_keeps_no_other_awake(
    stores: list[Store], names: dict[Store, Names]
) -> None:
    large = stores[0]
    with large.change():
        large.write("INSERT INTO meta VALUES ('large', ?)", "x" * 3_000_000)
    async with watching(stores, names, awake_max=2) as awake:
        await until(lambda: awake.all() == stores[2:])
        assert set(names) == {stores[1]}
        assert number(large) == 0
