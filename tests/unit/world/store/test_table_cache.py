"""Cached rows are never stale: neither after a write, nor after the changes that it causes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.shapes import live as shapes
from emulator.shapes.addresses import Addresses
from emulator.world.audience import attendance
from emulator.world.live import categories, lists, streams, tags
from emulator.world.live.streams import Stream, StreamPatch
from emulator.world.people import accounts, follows
from emulator.world.people.accounts import User
from emulator.world.store.journal import Store
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World

ADDRESSES = Addresses(http="http://a", media="http://a/m", rtmp="rtmp://a", rtmps="rtmps://a")
WRITES = re.compile(r"\b(?:UPDATE|INSERT INTO|DELETE FROM)\s+(\w+)", re.IGNORECASE)
KINDS = {
    "accounts": accounts,
    "categories": categories,
    "lists": lists,
    "shapes": shapes,
    "streams": streams,
}


def owned(world: World) -> tuple[User, Stream]:
    ada = accounts.by_api_key(world, "ak_auto_ada")
    return ada, streams.create(world, ada, StreamPatch({"title": "One", "tags": ["red"]}))


def shape(world: World, stream: Stream) -> shapes.StreamShape:
    return shapes.stream_shape(world, ADDRESSES, streams.find(world, stream.id))


@pytest.mark.parametrize("kind", [*KINDS])
def test_table_cache_tables_include_those_that_cause_writes(world: World, kind: str) -> None:
    """Writes of triggers and foreign keys are not seen, so the causing write has to be."""
    ours: list[Callable[[Store], TableCache[Any, Any]]] = [
        value
        for value in vars(KINDS[kind]).values()
        if isinstance(value, type) and issubclass(value, TableCache) and value is not TableCache
    ]
    assert ours
    store = world.store
    causes = {
        (written, row["tbl_name"])
        for row in store.rows("SELECT tbl_name, sql FROM sqlite_schema WHERE type = 'trigger'")
        for written in WRITES.findall(row["sql"].partition("BEGIN")[2])
    }
    for table in store.columns():
        for key in store.rows(f"SELECT * FROM pragma_foreign_key_list('{table}')"):
            if key["on_delete"] != "NO ACTION":
                causes.add((table, key["table"]))
    for known in ours:
        tables = {*known(store).watch.tables}
        assert {cause for written, cause in causes if written in tables} <= tables, known


def test_table_cache_follows_each_write(world: World) -> None:
    ada, stream = owned(world)
    bob = accounts.by_api_key(world, "ak_auto_bob")
    assert shape(world, stream)["user"]["follower_count"] == 0
    follows.follow(world, bob, ada)
    assert shape(world, stream)["user"]["follower_count"] == 1
    assert accounts.by_pk(world, ada.pk).follower_count == 1
    streams.start(world, stream)
    assert accounts.by_api_key(world, "ak_auto_ada").is_live
    assert shape(world, stream)["status"] == "live"
    tags.put(world, stream.pk, ["green", "blue"])
    assert [tag["name"] for tag in shape(world, stream)["tags"]] == ["green", "blue"]
    attendance.simulate(world, streams.find(world, stream.id), 5)
    assert (shape(world, stream)["viewer_count"], shape(world, stream)["peak_viewers"]) == (5, 5)


def test_table_cache_is_emptied_by_a_failed_change(world: World) -> None:
    ada, stream = owned(world)

    def fail() -> None:
        with world.change():
            streams.update(world, stream, StreamPatch({"title": "Two"}))
            assert shape(world, stream)["title"] == "Two"
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError):
        fail()
    assert shape(world, stream)["title"] == "One"
    assert accounts.find_by_api_key(world, "ak_auto_ada") == ada


def test_table_cache_shape_belongs_to_the_given_stream(world: World) -> None:
    """A row that was read before a change is shown as it was then."""
    _, stream = owned(world)
    shape(world, stream)
    streams.update(world, stream, StreamPatch({"title": "Two"}))
    assert shape(world, stream)["title"] == "Two"
    assert shapes.stream_shape(world, ADDRESSES, stream)["title"] == "One"
    assert shape(world, stream)["title"] == "Two"


def test_table_cache_shapes_have_the_addresses_of_their_reader(world: World) -> None:
    _, stream = owned(world)
    others = Addresses(http="http://b", media="http://b/m", rtmp="rtmp://b", rtmps="rtmps://b")
    for addresses in (ADDRESSES, others, ADDRESSES):
        shown = shapes.stream_shape(world, addresses, streams.find(world, stream.id))
        assert shown["playback"]["hls"].startswith(addresses.media)


def test_table_cache_of_a_closed_world_is_refused(tmp_path: Path) -> None:
    world = World(clock=ManualClock(), publish=lambda _: None, path=str(tmp_path / "world.db"))
    owned(world)
    world.close()
    with pytest.raises(Refused, match="no longer exists"):
        accounts.find_by_api_key(world, "ak_auto_ada")
