import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.library import VodReady
from emulator.world.store.canonical import canonical
from emulator.world.store.database import open_database
from emulator.world.store.events import bodies_in, entries, last_seq, read, search
from emulator.world.store.journal import JournalEntry, Store
from tests.support.broken_stores import full, unwritable


def ready(number: int) -> VodReady:
    return VodReady(at_ms=number, vod_id=f"v{number}", duration_ms=0)


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def store(heard: list[Event]) -> Iterator[Store]:
    with closing(Store(open_database(":memory:"), heard.append)) as store:
        yield store


def kinds(store: Store) -> list[str]:
    return [row["kind"] for row in store.rows("SELECT kind FROM events ORDER BY seq")]


def test_journal_writes_event_before_any_listener_gets_it(store: Store) -> None:
    journalled: list[list[str]] = []
    store.publish = lambda _: journalled.append(kinds(store))

    with store.change():
        store.emit(ready(1))

    assert journalled == [["VodReady"]]


def test_journal_follower_gets_the_rows_of_committed_changes_before_listeners(
    store: Store, heard: list[Event]
) -> None:
    rows: list[JournalEntry] = []
    heard_before: list[int] = []

    def take(entries: list[JournalEntry]) -> None:
        rows.extend(entries)
        heard_before.append(len(heard))

    end = store.follow(take)
    with store.change():
        store.emit(ready(1))
        store.emit(Burst(VodReady, 2, [canonical(ready(2))] * 2, lambda: [ready(2)] * 2))
    with suppress(ZeroDivisionError), store.change():
        store.emit(ready(3))
        raise ZeroDivisionError
    end()
    with store.change():
        store.emit(ready(4))

    stored = [tuple(row) for row in store.rows("SELECT seq, at_ms, kind, body FROM events")]
    assert rows == stored[:2]
    assert [len(bodies_in(body)) for _, _, _, body in rows] == [1, 2]
    assert heard_before[0] == 0


def test_journal_failed_change_leaves_no_trace(store: Store, heard: list[Event]) -> None:
    def fail_half_way() -> None:
        with store.change():
            store.write("INSERT INTO meta VALUES ('a', 'b')")
            store.emit(ready(1))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()

    assert heard == []
    assert kinds(store) == []
    assert store.row("SELECT 1 FROM meta WHERE name = 'a'") is None
    with store.change():
        store.emit(ready(2))
    assert heard == [ready(2)]


def test_journal_nested_change_belongs_to_the_outer_one(store: Store, heard: list[Event]) -> None:
    with store.change():
        with store.change():
            store.emit(ready(1))
        assert heard == []
        store.emit(ready(2))

    assert heard == [ready(1), ready(2)]


def test_journal_order_is_kept_for_listeners_that_cause_events(
    store: Store,
) -> None:
    heard: list[int] = []

    def publish(event: Event) -> None:
        heard.append(event.at_ms)
        if event.at_ms == 1:
            with store.change():
                store.emit(ready(3))

    store.publish = publish
    with store.change():
        store.emit(ready(1))
        store.emit(ready(2))

    assert heard == [1, 2, 3]


def test_journal_refuses_writes_outside_a_change(store: Store) -> None:
    undone: list[str] = []
    attempts: list[Callable[[], object]] = [
        lambda: store.write("DELETE FROM meta"),
        lambda: store.insert("meta", name="a", value="b"),
        lambda: store.update("tags", 1, usage_count=7),
        lambda: store.write_many("DELETE FROM meta WHERE name = ?", [("schema",)]),
        lambda: store.write_many("DELETE FROM meta WHERE name = ?", []),
        lambda: store.emit(ready(1)),
        lambda: store.when_undone(lambda: undone.append("undone")),
    ]
    before = store.image()

    def refuse() -> None:
        for attempt in attempts:
            with pytest.raises(RuntimeError, match="outside"):
                attempt()

    # Before any change, after a committed one, and after one that failed.
    refuse()
    with store.change():
        pass
    refuse()
    with pytest.raises(ZeroDivisionError), store.change():
        raise ZeroDivisionError
    refuse()

    assert (kinds(store), undone, store.image()) == ([], [], before)


def test_journal_loads_nothing_inside_a_change(store: Store) -> None:
    with (
        closing(Store(open_database(":memory:"))) as source,
        pytest.raises(RuntimeError, match="inside a change"),
        store.change(),
    ):
        store.load(source)


def test_journal_failed_change_takes_memory_back_in_reverse_and_once(store: Store) -> None:
    undone: list[int] = []

    def fail() -> None:
        with store.change():
            for number in (1, 2, 3):
                store.when_undone(partial(undone.append, number))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert undone == [3, 2, 1]
    # A committed change is not undone by the next one that fails.
    with store.change():
        store.when_undone(partial(undone.append, 4))
    with pytest.raises(ZeroDivisionError), store.change():
        raise ZeroDivisionError
    assert undone == [3, 2, 1]


def test_journal_version_grows_with_changes_that_are_seen(store: Store) -> None:
    versions = [store.version]
    for is_seen in (True, False, True):
        with store.change(is_seen=is_seen):
            store.write("DELETE FROM meta WHERE name = 'x'")
        versions.append(store.version)
    with pytest.raises(ZeroDivisionError), store.change():
        raise ZeroDivisionError
    assert [version - versions[0] for version in versions] == [0, 1, 1, 2]
    assert store.version == versions[-1]


def test_journal_numbers_events_without_a_gap_over_bursts_failures_and_other_stores(
    store: Store,
) -> None:
    def numbers() -> list[int]:
        return [row["seq"] for row in store.rows("SELECT seq FROM events ORDER BY seq")]

    with store.change():
        store.emit(ready(1))
        store.emit(burst(2, 3))
        store.emit(burst())
        store.emit(ready(4))

    def fail() -> None:
        with store.change():
            store.emit(ready(5))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.change():
        store.emit(ready(5))
    assert numbers() == [1, 3, 4, 5]
    assert last_seq(store) == 5


def test_journal_bursts_join_the_row_before_them_of_their_kind_and_instant(store: Store) -> None:
    many = burst(*range(499))
    with store.change():
        for emitted in (burst(1, 2), burst(3), ready(7), burst(4, 5), ready(8), many, burst(6)):
            store.emit(emitted)
        store.emit(burst(7))
    with store.change():
        store.emit(burst(8))

    rows = list(entries(store, after=0))
    assert [(row.first_seq, row.at_ms, len(row.bodies)) for row in rows] == [
        (1, 7, 3),
        (4, 7, 3),
        (7, 8, 1),
        (8, 7, 500),
        (508, 7, 1),
        (509, 7, 1),
    ]
    assert [event.seq for event in read(store, after=2, count=4)] == [3, 4, 5, 6]


def test_journal_last_instant_is_the_latest_of_the_last_events(store: Store) -> None:
    assert store.last_at_ms() == 0
    for at_ms in (5, 9, 7):
        with store.change():
            store.emit(ready(at_ms))
    assert store.last_at_ms() == 9


def test_journal_is_canonical_json(store: Store) -> None:
    with store.change():
        store.emit(ready(5))

    row = store.row("SELECT at_ms, body FROM events")
    assert row is not None
    assert row["at_ms"] == 5
    assert row["body"] == json.dumps({"duration_ms": 0, "vod_id": "v5"}, separators=(",", ":"))


@pytest.fixture
def copy(store: Store) -> Iterator[Store]:
    """A copy that is marked as such."""
    with store.change():
        store.write("INSERT INTO meta VALUES ('a', 'first')")
    copy = store.copy()
    copy.mark(store)
    with closing(copy):
        yield copy


def put(store: Store, value: str) -> None:
    with store.change():
        store.write("INSERT OR REPLACE INTO meta VALUES ('a', ?)", value)
        store.emit(ready(1))


def value(store: Store) -> str:
    row = store.row("SELECT value FROM meta WHERE name = 'a'")
    return row["value"] if row else ""


def test_journal_marked_copy_rewinds_repeatedly(store: Store, copy: Store) -> None:
    for number in range(3):
        put(copy, f"no {number}")
        copy.load(store)
        assert value(copy) == "first"
        assert kinds(copy) == []
        copy.mark(store)


def test_journal_failed_change_rewinds_nothing_else_of_a_marked_copy(copy: Store) -> None:
    def fail_half_way() -> None:
        with copy.change():
            copy.write("INSERT OR REPLACE INTO meta VALUES ('a', 'third')")
            raise RuntimeError("half way")

    put(copy, "second")
    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert value(copy) == "second"
    put(copy, "fourth")
    assert value(copy) == "fourth"


def test_journal_copy_of_a_marked_copy_has_its_changes_and_mark(store: Store, copy: Store) -> None:
    put(copy, "second")
    later = copy.copy()
    assert value(later) == "second"
    put(copy, "third")

    copy.load(later)
    assert value(copy) == "second"
    copy.mark(later)
    put(copy, "fourth")
    copy.load(store)
    assert value(copy) == "first"
    assert value(later) == "second"
    later.close()


def test_journal_unused_store_rests_compressed_and_wakes_with_its_facts(
    store: Store, copy: Store
) -> None:
    put(copy, "second")
    # A look tells a use since the last one, and changes nothing.
    assert [copy.look(), copy.look(), value(copy), copy.look()] == [True, False, "second", True]

    assert copy.rest()
    assert not copy.rest()
    assert not copy.look()

    assert value(copy) == "second"
    assert copy.look()
    assert kinds(copy) == ["VodReady"]
    put(copy, "third")
    assert kinds(copy) == ["VodReady", "VodReady"]
    # Its former content comes back from its source, and then changes as before.
    copy.load(store)
    assert (value(copy), kinds(copy)) == ("first", [])
    copy.mark(store)
    put(copy, "fourth")
    copy.load(store)
    assert value(copy) == "first"


def test_journal_resting_store_is_a_source_and_can_be_closed(copy: Store) -> None:
    later = copy.copy()
    for rested in (later, copy):
        assert rested.rest()
    copy.load(later)
    assert value(copy) == "first"
    for rested in (later, copy):
        rested.rest()
        rested.close()
        assert not rested.look()
        assert not rested.rest()
        with pytest.raises(Refused):
            value(rested)


def test_journal_marked_copy_rewinds_pages_beyond_its_cache(store: Store, copy: Store) -> None:
    copy.rows("PRAGMA cache_size = 20")
    for number in range(50):
        put(copy, f"{number}" * 20_000)

    def fail_half_way() -> None:
        with copy.change():
            copy.write("UPDATE meta SET value = ?", "y" * 500_000)
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert value(copy) == "49" * 20_000
    assert len(kinds(copy)) == 50
    copy.load(store)
    assert (value(copy), kinds(copy)) == ("first", [])


def test_journal_large_store_does_not_rest(copy: Store) -> None:
    put(copy, "x" * 3_000_000)
    assert not copy.rest()
    assert len(value(copy)) == 3_000_000


@pytest.mark.parametrize("has_rested", [False, True])
def test_journal_store_without_room_for_its_temporary_file_refuses_changes_and_keeps_all(
    store: Store, copy: Store, has_rested: bool
) -> None:
    assert not has_rested or copy.rest()
    # Given a system on which no file may become large,
    resource = pytest.importorskip("resource", reason="no limits of files on this system")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * 2**20, usual[1]))
    try:
        # when more is written than memory takes, then changes are refused, with the reason,
        count = 0
        with pytest.raises(Refused, match=r"temporary file .* cannot be written .*TMPDIR") as no:  # noqa: PT012  It is refused at some time.
            for count in range(200):
                with copy.change():
                    copy.write("INSERT INTO meta VALUES (?, zeroblob(1000000))", f"row {count}")
        assert (no.value.code, no.value.details["reason"]) == ("unavailable", "disk_error")
        with pytest.raises(Refused, match="temporary file"):
            copy.copy()
        # and nothing is lost.
        assert count > 90
        assert copy.number("SELECT count(*) FROM meta WHERE name LIKE 'row %'") == count
        assert value(copy) == "first"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    # As soon as there is room, it goes on.
    copy.check_writable()
    put(copy, "second")
    assert copy.failure is None
    copy.load(store)
    assert (value(copy), kinds(copy)) == ("first", [])


def burst(*numbers: int) -> Burst:
    events = [VodReady(at_ms=7, vod_id=f"v{number}", duration_ms=0) for number in numbers]
    return Burst(VodReady, 7, [canonical(event) for event in events], lambda: events)


def test_journal_burst_is_read_as_single_events_from_any_position(
    store: Store, heard: list[Event]
) -> None:
    with store.change():
        store.emit(ready(1))
        store.emit(burst(2, 3, 4))
        store.emit(ready(5))
    with store.change():
        store.emit(ready(6))
        store.emit(burst(7, 8))

    expected = [(number, f"v{number}") for number in range(1, 9)]
    assert last_seq(store) == 8
    assert [event.vod_id for event in heard] == [name for _, name in expected]  # type: ignore[attr-defined]
    for after in range(9):
        for count in range(1, 10):
            journalleds = read(store, after=after, count=count, kind="VodReady")
            assert [
                (journalled.seq, journalled.values["vod_id"]) for journalled in journalleds
            ] == expected[after:][:count]
        rows = list(entries(store, after=after))
        assert [row.first_seq for row in rows][:1] == [after + 1][: len(rows)]
        assert sum(len(row.bodies) for row in rows) == 8 - after


def test_journal_many_rows_equal_rows_one_by_one(store: Store) -> None:
    rows = [(f"n{number}", str(number)) for number in range(123)]

    with store.change():
        store.write_many("INSERT INTO meta (name, value) VALUES (?, ?)", rows)
        store.write_many("UPDATE meta SET value = ? WHERE name = ?", [(b, a) for a, b in rows])

    stored = store.rows("SELECT name, value FROM meta WHERE name LIKE 'n%'")
    assert sorted(map(tuple, stored)) == sorted(rows)


def test_journal_watch_counts_writes_and_rollbacks_of_its_tables(store: Store) -> None:
    watch, other = store.watch("meta", "tags"), store.watch("users", but=("users.bio",))
    assert store.watch("meta", "tags") is watch

    with store.change():
        store.write("INSERT OR REPLACE INTO meta VALUES ('a', 'b')")
        store.write("UPDATE tags SET usage_count = 0 WHERE row = 1")
        store.write_many("DELETE FROM meta WHERE name = ?", [("a",)])
        store.write("DELETE FROM categories WHERE row = 1")
        store.write("UPDATE users SET bio = ? WHERE row = 1", "x")
    assert (watch.count, other.count) == (3, 0)

    with pytest.raises(RuntimeError, match="undone"), store.change():
        raise RuntimeError("undone")
    assert (watch.count, other.count) == (4, 1)
    with store.change():
        store.write("UPDATE users SET bio = ?, role = 'ADMIN' WHERE row = 1", "x")
        store.write("UPDATE users SET role = 'ADMIN' WHERE row = 1")
    assert (watch.count, other.count) == (4, 3)
    # An unknown statement may have changed anything.
    with store.change():
        store.write("WITH x AS (SELECT 1) UPDATE tags SET usage_count = 0 WHERE row = 1")
    assert (watch.count, other.count) == (5, 4)


@pytest.fixture
def kept(tmp_path: Path, heard: list[Event]) -> Iterator[Store]:
    """A store on the disk."""
    with closing(Store(open_database(str(tmp_path / "world.sqlite3")), heard.append)) as store:
        yield store


def fill(store: Store, name: str) -> None:
    """A change that needs space on the disk."""
    with store.change():
        store.write("INSERT INTO meta VALUES (?, ?)", name, "x" * 100_000)
        store.emit(ready(1))


@pytest.mark.parametrize("fixture", ["store", "kept"])
def test_journal_full_disk_refuses_a_change_without_an_event(
    fixture: str, heard: list[Event], request: pytest.FixtureRequest
) -> None:
    store: Store = request.getfixturevalue(fixture)
    with full(store):
        for name in ("one", "two"):
            with pytest.raises(Refused, match="The disk is 100% full") as refused:
                fill(store, name)
        assert store.failure is not None
        with pytest.raises(Refused, match="The disk is 100% full"):
            store.check_writable()
    assert refused.value.code == "unavailable"
    assert refused.value.details["retry_after_seconds"] > 0
    assert heard == []

    with store.change():
        store.emit(ready(2))

    assert heard == [ready(2)]
    assert kinds(store) == ["VodReady"]
    assert store.failure is None


def test_journal_marked_store_without_room_stays_at_its_mark(heard: list[Event]) -> None:
    with closing(Store(open_database(":memory:"))) as source, closing(source.copy()) as store:
        store.publish = heard.append
        store.mark(source)
        with full(store), pytest.raises(Refused, match="full"):
            fill(store, "one")
        with store.change():
            store.write("INSERT INTO meta VALUES ('a', 'b')")
            store.emit(ready(2))
        assert heard == [ready(2)]

        store.load(source)

        assert store.row("SELECT 1 FROM meta WHERE name = 'a'") is None


def test_journal_listener_change_may_fail_only_on_a_full_disk(
    store: Store,
) -> None:
    undone: list[str] = []

    def write() -> None:
        store.when_undone(lambda: undone.append("undone"))
        store.write("INSERT INTO meta VALUES ('a', zeroblob(100000))")

    def refuse() -> None:
        raise Refused("conflict", "not now")

    with full(store):
        assert not store.note(write)
    assert undone == ["undone"]
    assert store.note(write)
    assert undone == ["undone"]
    with pytest.raises(Refused, match="not now"):
        store.note(refuse)


def test_journal_unwritable_disk_differs_from_wrong_statement(store: Store) -> None:
    with unwritable(store), pytest.raises(Refused, match="cannot be written") as refused:
        fill(store, "one")
    assert refused.value.details["reason"] == "disk_error"

    with pytest.raises(sqlite3.OperationalError), store.change():
        store.write("INSERT INTO nowhere VALUES (1)")


def test_journal_is_searched_both_ways_by_kind_and_text(store: Store) -> None:
    with store.change():
        store.emit(ready(1))
        store.emit(burst(2, 3, 4))
        store.emit(ready(5))

    def numbers(**wanted: Any) -> tuple[list[int], int | None]:
        journalleds, cursor = search(store, **{"count": 10, **wanted})
        return [journalled.seq for journalled in journalleds], cursor

    # A burst is read from its end, and from within.
    assert numbers(before=99) == ([5, 4, 3, 2, 1], None)
    assert numbers(before=4, count=2) == ([3, 2], 2)
    assert numbers(before=2) == ([1], None)
    assert numbers(before=99, after=3, kind="VodReady") == ([5, 4], None)
    assert numbers(before=99, kind="Nothing") == ([], None)
    assert numbers(count=2) == ([1, 2], 2)
    assert numbers(after=2) == ([3, 4, 5], None)
    assert numbers(text='"V3"') == ([3], None)
    assert numbers(text="vodready", count=1) == ([1], 1)
    # A page with few results says where to continue.
    assert numbers(text="v5", looks_max=2) == ([], 2)
    assert numbers(text="v1", before=99, looks_max=2) == ([], 4)


def test_journal_refuses_everything_once_it_is_closed(store: Store) -> None:
    # A request may have waited for media while its world was dropped.
    store.close()

    for use in (
        lambda: store.row("SELECT 1"),
        lambda: list(store.each("SELECT 1")),
        lambda: store.change().__enter__(),
    ):
        with pytest.raises(Refused, match="This world no longer exists") as refusal:
            use()
        assert refusal.value.code == "not_found"


def test_journal_version_grows_when_other_facts_come_and_when_none_are_left() -> None:
    with (
        closing(Store(open_database(":memory:"))) as source,
        closing(Store(open_database(":memory:"))) as store,
    ):
        versions = [store.version]
        store.load(source)
        versions.append(store.version)
        store.close()
        versions.append(store.version)
    assert versions == sorted(set(versions))
    assert store.is_closed


@pytest.mark.parametrize("name", [":memory:", "world.sqlite3"])
def test_journal_image_is_a_single_file_without_a_log(tmp_path: Path, name: str) -> None:
    path = name if name == ":memory:" else str(tmp_path / name)
    with closing(Store(open_database(path), lambda _: None)) as store:
        with store.change():
            for number in range(3):
                store.emit(ready(number))
        image = store.image()
    # SQLite, Database File Format, 1.3.1 and 1.3.3.
    assert image[:20] == b"SQLite format 3\0" + image[16:18] + b"\x01\x01"
    assert len(image) % int.from_bytes(image[16:18]) == 0
    # Another program opens it, as a store and as a single file.
    with closing(Store.of_image(image)) as again:
        assert kinds(again) == ["VodReady"] * 3
    alone = tmp_path / "alone.sqlite3"
    alone.write_bytes(image)
    with closing(sqlite3.connect(f"file:{alone}?mode=ro", uri=True)) as reader:
        assert reader.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert reader.execute("SELECT count(*) FROM events").fetchone() == (3,)
