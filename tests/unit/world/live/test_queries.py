"""No statement about streams, categories, tags and discovery scans a whole table."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import emulator.world
from emulator.core.clock import ManualClock
from emulator.world.discovery import ranking, search, searches, suggestions
from emulator.world.discovery.search import Filters
from emulator.world.faults.ingest import IngestCut
from emulator.world.library import removal
from emulator.world.live import (
    categories,
    ingest_keys,
    lists,
    renditions,
    schedules,
    streams,
    synthetic,
    tags,
    targets,
)
from emulator.world.live.lists import StreamFilter
from emulator.world.live.streams import StreamPatch
from emulator.world.people import accounts
from emulator.world.rules import RulesConfig
from emulator.world.world import World
from tests.support.query_plans import WatchedStore, sites_in
from tests.support.streams import live, make
from tests.support.tables import table

WORLD = Path(emulator.world.__file__).parent
OURS = [*(WORLD / "live").glob("*.py"), *(WORLD / "discovery").glob("*.py")]


@pytest.fixture(scope="module")
def store() -> Iterator[WatchedStore]:
    """A store that has run every statement of ours."""
    world = World(
        clock=ManualClock(),
        publish=lambda _: None,
        rules=RulesConfig(streams_per_user=0, search_matches_max=1),
    )
    world.store.close()
    world.store = watched = WatchedStore()
    for walk in (make_and_change, read_lists, discover, publish_and_resize, end_and_remove):
        walk(world)
    yield watched
    watched.close()


def make_and_change(world: World) -> None:
    root = accounts.make(world, "root", role="ADMIN")
    rust = categories.create(world, root, "Rust")
    categories.create(world, root, "Tokio", parent_id=rust.id)
    stream = make(world, "x", by="ada", tags=["rust"], category_id=rust.id)
    streams.update(world, stream, StreamPatch({"title": "y", "tags": ["rust", "ai"]}))
    streams.rotate_key(world, stream)
    schedules.plan(world, stream, world.now_ms + 1, 60)
    schedules.cancel(world, streams.find(world, stream.id))
    streams.simulate(world, make(world, "z"))
    ingest_keys.authorize(world, streams.find(world, stream.id).stream_key, is_publishing=False)
    streams.go_live(world, stream.id)


def read_lists(world: World) -> None:
    ada = accounts.by_username(world, "ada")
    rust = categories.by_slug(world, "rust")
    for viewer in (ada, None):
        for category_pk in (rust.pk, None):
            for user_pk in (ada.pk, None):
                for status in ("all", "default", "live", "ended"):
                    wanted = StreamFilter(status=status, category_pk=category_pk, user_pk=user_pk)
                    lists.page(world, viewer, wanted, offset=0, count=20)
    [stream] = streams.of_user(world, ada)
    assert streams.live(world)
    lists.count(world, "live")
    streams.by_uid(world, stream.uid)
    categories.add_alias(world, "rust", "oxide")
    categories.top_level(world)
    categories.children(world, rust.id)
    categories.by_pks(world, [rust.pk])
    tags.of_stream(world, stream.pk)
    tags.every(world)
    tags.popular(world, 10)


def discover(world: World) -> None:
    ada = accounts.by_username(world, "ada")
    live(world, "rust live", viewers=5)
    ranking.trending(world, hours=24, count=10)
    ranking.rising(world, count=10)
    ranking.recommended(world, ada, count=10)
    ranking.trending_categories(world, count=10)
    for typed in ("rust", ""):
        for filters in (
            Filters(),
            Filters(status="live"),
            Filters(category_pk=1),
            Filters(status="live", category_pk=1),
            Filters(began_from_ms=0, began_to_ms=world.now_ms),
        ):
            search.streams(world, typed, filters, offset=0, count=20)
    search.users(world, "ada", 10)
    suggestions.suggest(world, "rus", 10)
    searches.note(world, "rust")
    searches.trending(world, 10)
    searches.popular(world, 10)


def publish_and_resize(world: World) -> None:
    stream = synthetic.start(world, live(world, "live before", by="cyd"))
    synthetic.stop(world, stream)
    synthetic.start(world, stream)
    synthetic.break_off(world, IngestCut.kind)
    synthetic.drop(world, stream, 1)
    synthetic.pauses(world, stream.uid)
    first, second = (renditions.begin(world, stream, f"{n}p", 2, n) for n in (480, 360))
    assert renditions.of(world, stream) == [first, second]
    assert renditions.by_uid(world, first.uid)
    assert renditions.stream_of(world, first.uid)
    renditions.drop(world, stream.id, first.uid, "no")
    target = targets.add(world, stream, "rtmp://127.0.0.1/live", "key")
    targets.failed(world, target.id, "no", 1)
    assert len(targets.of_live_streams(world)) == 1
    targets.remove(world, target)
    synthetic.end_abandoned(world)


def end_and_remove(world: World) -> None:
    for stream in streams.live(world):
        removal.delete_stream(world, streams.end(world, stream), with_vods=True)


def test_live_queries_cover_every_statement(store: WatchedStore) -> None:
    assert sites_in(OURS, walking=[lists.everything]) - store.sites == set()


def test_live_queries_walk_no_whole_table(store: WatchedStore) -> None:
    assert store.scans() == []


@table(
    ("sql", "is_walk"),
    [
        ("SELECT * FROM streams WHERE title = 'x'", True),
        ("SELECT count(*) FROM streams", True),
        ("SELECT * FROM streams ORDER BY title LIMIT 5", True),
        ("SELECT * FROM streams ORDER BY id LIMIT 5", False),
        ("SELECT * FROM streams WHERE id = 'x'", False),
        ("SELECT * FROM stream_search WHERE title = 'x'", True),
        ("SELECT * FROM stream_search WHERE stream_search MATCH 'x'", False),
        ("SELECT * FROM streams WHERE row IN (SELECT value FROM json_each('[1]'))", False),
    ],
)
def test_live_queries_plan_check_separates_walk_from_search(sql: str, is_walk: bool) -> None:
    with closing(WatchedStore()) as store:
        assert bool(store.walks(sql)) == is_walk


def test_live_queries_every_foreign_key_has_an_index() -> None:
    """So that deleting a row finds the rows that depend on it without a scan."""
    with closing(WatchedStore()) as store:
        unled = []
        for table in store.columns():
            led = {
                store.rows(f"PRAGMA index_info({index['name']})")[0]["name"]
                for index in store.rows(f"PRAGMA index_list({table})")
                if not index["partial"]
            }
            led |= {
                column["name"]
                for column in store.rows(f"PRAGMA table_info({table})")
                if column["pk"] == 1
            }
            for key in store.rows(f"PRAGMA foreign_key_list({table})"):
                if key["from"] not in led:
                    unled.append(f"{table}.{key['from']}")
    assert unled == []
