"""A fresh world is a copy of its seed, moved to now."""

from collections.abc import Iterator

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.world.live import streams
from emulator.world.live.streams import Wishes
from emulator.world.origin.seed import Seed
from emulator.world.origin.template import Template
from emulator.world.people import accounts
from emulator.world.rules import Rules
from emulator.world.world import World

SEED = Seed(users=[{"username": "demo", "api_key": "ak_demo", "password": "demo123456"}])


@pytest.fixture
def template() -> Iterator[Template]:
    template = Template(SEED, Rules())
    yield template
    template.close()


def dump(world: World) -> list[tuple[object, ...]]:
    """Every row of every table."""
    return [
        (table, *row)
        for table in sorted(world.store.columns())
        for row in world.store.rows(f"SELECT * FROM {table} ORDER BY 1")
    ]


def live_a_little(world: World) -> None:
    demo = accounts.by_api_key(world, "ak_demo")
    stream = streams.create(world, demo, Wishes({"title": "x", "tags": ["new"]}))
    streams.start(world, stream)


def test_what_is_sown_is_the_same_in_every_copy_and_what_is_made_depends_on_the_name(
    template: Template,
) -> None:
    clock = ManualClock()
    one, again, other = (
        template.make(clock, lambda _: None, Rules(), name) for name in ("one", "one", "other")
    )
    for world in (one, again, other):
        live_a_little(world)
    assert dump(one) == dump(again)
    demos = {accounts.by_api_key(world, "ak_demo").id for world in (one, other)}
    assert len(demos) == 1
    keys = {stream.stream_key for world in (one, other) for stream in streams.live(world)}
    assert len(keys) == 2


def test_a_reset_world_is_as_fresh_as_a_new_one(template: Template) -> None:
    clock = ManualClock()
    heard: list[Event] = []
    world = template.make(clock, heard.append, Rules(), "one")
    live_a_little(world)
    before = dump(world)
    heard_before = list(heard)

    template.restore(world)
    assert streams.live(world) == []
    heard.clear()
    live_a_little(world)
    assert dump(world) == before
    assert heard == heard_before


def test_times_of_the_seed_are_told_from_the_world_s_beginning(template: Template) -> None:
    ages = set()
    for now_ms in (1_000_000_000_000, 1_900_000_000_000):
        world = template.make(ManualClock(now_ms), lambda _: None, Rules(), "one")
        ages.add(now_ms - accounts.by_api_key(world, "ak_demo").created_at_ms)
    assert len(ages) == 1
    assert ages.pop() >= 0


def test_worlds_do_not_share_facts(template: Template) -> None:
    one, two = (
        template.make(ManualClock(), lambda _: None, Rules(), name) for name in ("one", "two")
    )
    accounts.make(one, "ada")
    with pytest.raises(Refused):
        accounts.by_username(two, "ada")
    live_a_little(two)
    assert streams.live(one) == []
