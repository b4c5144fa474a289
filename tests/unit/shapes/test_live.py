"""Streams as JSON: one and many are equal, and many need no more queries than one."""

from collections.abc import AsyncIterator

import pytest

from emulator.platform.platform import Platform
from emulator.server import Emulator
from emulator.settings import Settings
from emulator.shapes.live import stream_shape, stream_shapes
from emulator.world.live import categories, lists
from emulator.world.live.lists import StreamFilter
from emulator.world.store.journal import Row, Store
from tests.support.streams import live, make


class CountingStore(Store):
    """A store that counts its queries."""

    asked = 0

    def rows(self, sql: str, *values: object) -> list[Row]:
        self.asked += 1
        return super().rows(sql, *values)

    def row(self, sql: str, *values: object) -> Row | None:
        self.asked += 1
        return super().row(sql, *values)


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    """Twenty streams of twenty users in ten categories, some live, some tagged."""
    settings = Settings(data=":memory:", seed="none", port=0, rtmp_port=0, rtmps_port=0)
    async with Emulator(settings) as emulator:
        world = emulator.platform.world
        for number in range(10):
            categories.make(world, f"Topic {number}", f"topic-{number}")
        ids = [category.id for category in categories.active(world)]
        for number in range(10):
            live(world, f"Live {number}", viewers=number, category_id=ids[number], tags=["a", "b"])
            make(world, f"Waiting {number}", category_id=ids[number], tags=[f"t{number}"])
        yield emulator.platform


def test_stream_shapes_many_equal_one_by_one(platform: Platform) -> None:
    world, addresses = platform.world, platform.addresses
    streams, _ = lists.page(world, None, StreamFilter(), offset=0, count=20)

    shapes = stream_shapes(world, addresses, streams)

    assert len(shapes) == 20
    singles = [stream_shape(world, addresses, stream) for stream in streams]
    for shape, alone in zip(shapes, singles, strict=True):
        # The running time depends on the instant of the query.
        assert {**shape, "duration_seconds": None} == {**alone, "duration_seconds": None}
    assert stream_shapes(world, addresses, []) == []


def test_stream_shapes_page_of_twenty_needs_no_more_queries_than_one_stream(
    platform: Platform,
) -> None:
    world, addresses = platform.world, platform.addresses
    before = world.store
    world.store = store = CountingStore(before._connection, before.publish)

    counts = []
    for count in (1, 20):
        store.asked = 0
        streams, _ = lists.page(world, None, StreamFilter(), offset=0, count=count)
        assert len(stream_shapes(world, addresses, streams)) == count
        counts.append(store.asked)

    assert counts == [6, 6]
