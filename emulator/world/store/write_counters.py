"""Write counters: how often some tables were written to, for caches of their rows."""

import re
from functools import lru_cache
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
# Values in one cache.
_CACHED_MAX = 10_000

_WRITES = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)"
    r"\s+(\w+)(?:\s+SET\s+(\w+)\s*=[^,]*$)?",
    re.IGNORECASE,
)


class WriteCounter:
    """`count` grows with each write to one of the tables, and with each change that is undone.

    Writes that a foreign key or a trigger makes in other tables are not seen. A statement that sets
    only one of the columns `but` does not count.
    """

    def __init__(self, tables: tuple[str, ...], but: tuple[str, ...] = ()) -> None:
        self.count = 0
        self.tables = tables
        self.but = but


class TableCache(Generic[K, V]):
    """A cache of values read from some tables, emptied when one of the tables is written to.

    A noun keeps one as a `World.memory`, for rows that most requests need: the caller's account,
    the streams of a page. A value is never stale: a write empties the cache before it happens. The
    counter must cover all tables that the values are made of, and those whose triggers or foreign
    keys write to them (`test_table_cache` checks the schema). The cache holds `_CACHED_MAX` values;
    one more empties it.
    """

    def __init__(self, watch: WriteCounter) -> None:
        self.watch = watch
        self._count = watch.count
        self._values: dict[K, V] = {}

    def values(self) -> dict[K, V]:
        """The cached values by key; the caller adds what it reads.

        Call this for each use: the dictionary must not be kept, it may become stale.
        """
        if self._count != self.watch.count or len(self._values) > _CACHED_MAX:
            self._count = self.watch.count
            self._values = {}
        return self._values


class WriteCounters:
    """The write counters of one store."""

    def __init__(self) -> None:
        self._by_table: dict[str, list[WriteCounter]] = {}
        self._all: dict[tuple[tuple[str, ...], tuple[str, ...]], WriteCounter] = {}

    def on(self, tables: tuple[str, ...], but: tuple[str, ...]) -> WriteCounter:
        """Return the counter for these tables; all callers get the same object."""
        write_counter = self._all.get((tables, but))
        if write_counter is None:
            write_counter = self._all[(tables, but)] = WriteCounter(tables, but)
            for table in tables:
                self._by_table.setdefault(table, []).append(write_counter)
        return write_counter

    def note(self, sql: str) -> None:
        """Count a statement that is about to write."""
        table, column = _target_of(sql)
        if not table:
            self.note_all()
        for watch in self._by_table.get(table, ()):
            if column not in watch.but:
                watch.count += 1

    def note_all(self) -> None:
        """Count a write to every table: anything may have changed."""
        for watch in self._all.values():
            watch.count += 1


@lru_cache(maxsize=1024)
def _target_of(sql: str) -> tuple[str, str]:
    """Return the table that a statement writes to, and `table.column` if it sets one column only.

    Both are empty if the statement is not understood.
    """
    match = _WRITES.match(sql)
    if match is None:
        return "", ""
    table = match[1].lower()
    return table, f"{table}.{match[2].lower()}" if match[2] else ""
