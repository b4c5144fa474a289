"""A new world is a copy of its seed, moved to now."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from emulator.core.clock import ManualClock, SystemClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.seeding import file
from emulator.seeding.seed import EMPTY, Seed
from emulator.seeding.template import Template, seed_state
from emulator.world.chat import messages
from emulator.world.discovery import search
from emulator.world.discovery.search import Filters
from emulator.world.live import streams
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts, departures, follows
from emulator.world.rules import RulesConfig
from emulator.world.store.journal import Store
from emulator.world.world import World

SEED = Seed(users=[{"username": "demo", "api_key": "ak_demo", "password": "demo123456"}])


class Copies:
    """Worlds made from a template, and other resources to close after the test."""

    def __init__(self) -> None:
        self.opened = ExitStack()

    def make(
        self,
        template: Template,
        clock: ManualClock,
        name: str = "one",
        hear: Callable[[Event], None] | None = None,
    ) -> World:
        world = template.make(clock, hear or (lambda _: None), RulesConfig(), name)
        return self.opened.enter_context(closing(world))


@pytest.fixture
def copies() -> Iterator[Copies]:
    copies = Copies()
    with copies.opened:
        yield copies


@pytest.fixture
def template() -> Iterator[Template]:
    with closing(Template(seed_state(SEED, RulesConfig()))) as template:
        yield template


def dump(world: World) -> list[tuple[object, ...]]:
    """Every row of every table."""
    return [
        (table, *row)
        for table in sorted(world.store.columns())
        for row in world.store.rows(f"SELECT * FROM {table} ORDER BY 1")
    ]


def live_a_little(world: World) -> None:
    demo = accounts.by_api_key(world, "ak_demo")
    stream = streams.create(world, demo, StreamPatch({"title": "x", "tags": ["new"]}))
    streams.start(world, stream)


def test_seed_template_copies_have_equal_state_and_ids_by_name(
    template: Template, copies: Copies
) -> None:
    clock = ManualClock()
    one, again, other = (copies.make(template, clock, name) for name in ("one", "one", "other"))
    for world in (one, again, other):
        live_a_little(world)
    assert dump(one) == dump(again)
    demos = {accounts.by_api_key(world, "ak_demo").id for world in (one, other)}
    assert len(demos) == 1
    keys = {stream.stream_key for world in (one, other) for stream in streams.live(world)}
    assert len(keys) == 2


def test_seed_template_reset_world_equals_a_new_one(template: Template, copies: Copies) -> None:
    clock = ManualClock()
    heard: list[Event] = []
    world = copies.make(template, clock, hear=heard.append)
    live_a_little(world)
    before = dump(world)
    heard_before = list(heard)

    template.restore(world)
    assert streams.live(world) == []
    heard.clear()
    live_a_little(world)
    assert dump(world) == before
    assert heard == heard_before


def live_a_lot(world: World) -> None:
    """Add, change and remove rows, in tables with triggers and with full text search."""
    demo = accounts.by_api_key(world, "ak_demo")
    for number in range(3):
        ada = accounts.make(world, f"ada_{number}")
        follows.follow(world, demo, ada)
        stream = streams.create(
            world, ada, StreamPatch({"title": f"No {number}", "tags": ["fresh"]})
        )
        streams.start(world, stream)
        for line in range(20):
            messages.post(world, stream.id, demo, f"line {line}")
        if number:
            streams.end(world, stream)
    listed, _ = search.streams(world, "fresh", Filters(), offset=0, count=5)
    assert len(listed) == 3
    with pytest.raises(Refused):
        accounts.make(world, "demo")
    departures.delete(world, accounts.by_username(world, "ada_1"))


def test_seed_template_used_world_resets_to_the_rows_of_a_new_one(copies: Copies) -> None:
    template = copies.opened.enter_context(
        closing(Template(seed_state(file.read("default"), RulesConfig())))
    )
    clock = ManualClock()
    world = copies.make(template, clock)
    pages = world.store.number("PRAGMA page_count")
    # In the same second, after others, after a snapshot, and after a restore of it.
    for passed_ms in (0, 1, 3_600_000, 7_000):
        live_a_lot(world)
        clock.advance(passed_ms)
        if passed_ms == 3_600_000:
            snapshot = copies.opened.enter_context(closing(world.store.copy()))
            live_a_little(world)
            world.load(snapshot)
        template.restore(world)
        fresh = copies.make(template, clock)
        assert dump(world) == dump(fresh)
        assert world.ids.uuid() == fresh.ids.uuid()
    assert world.store.number("PRAGMA page_count") == pages
    assert world.store.row("PRAGMA foreign_key_check") is None
    checked = world.store.row("PRAGMA integrity_check")
    assert checked is not None
    assert checked[0] == "ok"


def test_seed_template_times_count_from_the_start_of_the_world(
    template: Template, copies: Copies
) -> None:
    ages = set()
    for now_ms in (1_000_000_000_000, 1_900_000_000_000):
        world = copies.make(template, ManualClock(now_ms))
        ages.add(now_ms - accounts.by_api_key(world, "ak_demo").created_at_ms)
    assert len(ages) == 1
    assert ages.pop() >= 0


def test_seed_template_worlds_do_not_share_state(template: Template, copies: Copies) -> None:
    one, two = (copies.make(template, ManualClock(), name) for name in ("one", "two"))
    accounts.make(one, "ada")
    with pytest.raises(Refused):
        accounts.by_username(two, "ada")
    live_a_little(two)
    assert streams.live(one) == []


def test_seed_template_worlds_do_not_share_signing_keys() -> None:
    template = Template(seed_state(EMPTY, RulesConfig()))
    try:
        # Where time runs, ids cannot be guessed; where it stands they are the same each time.
        running = [
            template.make(SystemClock(), lambda _: None, RulesConfig(), "a") for _ in range(2)
        ]
        standing = [
            template.make(ManualClock(), lambda _: None, RulesConfig(), "a") for _ in range(2)
        ]
        secrets = [world.secret for world in running]
        assert len({*secrets, standing[0].secret, "", standing[1].secret}) == 4
        assert standing[0].secret == standing[1].secret
        # Users stay signed in after a reset.
        template.restore(running[0])
        assert running[0].secret == secrets[0]
        for world in (*running, *standing):
            world.close()
    finally:
        template.close()


_CREATED = "SELECT created_at_ms FROM users ORDER BY 1"


class WatchedWorld(World):
    """Keeps the files that a process would find that is started in the middle of a reset."""

    def load(self, facts: Store, then: Callable[[Store], None] = lambda _: None) -> None:
        super().load(facts, lambda store: self._look(store, then))

    def _look(self, store: Store, then: Callable[[Store], None]) -> None:
        database = store.rows("PRAGMA database_list")[0]["file"]
        with closing(sqlite3.connect(database)) as other:
            self.created_at_ms = other.execute(_CREATED).fetchall()
        then(store)


def test_template_restore_on_disk_is_never_seen_half(template: Template, tmp_path: Path) -> None:
    clock = ManualClock()
    path = str(tmp_path / "world.sqlite3")
    world = WatchedWorld(clock=clock, publish=lambda _: None, path=path)
    with closing(world):
        clock.advance(90 * 24 * 3_600_000)
        template.restore(world)
        rows = world.store.rows(_CREATED)

        assert world.created_at_ms == [tuple(row) for row in rows]
        assert clock.now_ms() - rows[-1]["created_at_ms"] < 24 * 3_600_000
