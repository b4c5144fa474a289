"""Watches: how often something was written to some tables, for caches of what stood there."""

import re
from functools import lru_cache
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
# Of one kind of what is remembered.
_KEPT_MAX = 10_000

_WRITES = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)"
    r"\s+(\w+)(?:\s+SET\s+(\w+)\s*=[^,]*$)?",
    re.IGNORECASE,
)


class WriteCounter:
    """`count` grows with each write to one of the tables, and with each change that is undone.

    What follows in other tables, by a foreign key or a trigger, is not seen. A change of one of the
    columns `but`, and of nothing else, does not count.
    """

    def __init__(self, tables: tuple[str, ...], but: tuple[str, ...] = ()) -> None:
        self.count = 0
        self.tables = tables
        self.but = but


class Remembered(Generic[K, V]):
    """What was read of some tables, by some key, until one of them is written to.

    A noun keeps one as a `World.memory`, for rows that most reads ask for: a caller's account, the
    streams of a page. Nothing in it is ever stale: a write empties it before it happens. The watch
    is on all tables that the values are made of, and on those whose triggers or foreign keys write
    to them (`test_remembered` asks the schema). `_KEPT_MAX` values at most: one more, and all are
    read again.
    """

    def __init__(self, watch: WriteCounter) -> None:
        self.watch = watch
        self._count = watch.count
        self._values: dict[K, V] = {}

    def values(self) -> dict[K, V]:
        """What is known at this moment; a caller adds what it had to read. Not to be kept."""
        if self._count != self.watch.count or len(self._values) > _KEPT_MAX:
            self._count = self.watch.count
            self._values = {}
        return self._values


class Watches:
    """Those of one store."""

    def __init__(self) -> None:
        self._by_table: dict[str, list[WriteCounter]] = {}
        self._all: dict[tuple[tuple[str, ...], tuple[str, ...]], WriteCounter] = {}

    def on(self, tables: tuple[str, ...], but: tuple[str, ...]) -> WriteCounter:
        """The watch on these tables: the same one for all callers."""
        write_counter = self._all.get((tables, but))
        if write_counter is None:
            write_counter = self._all[(tables, but)] = WriteCounter(tables, but)
            for table in tables:
                self._by_table.setdefault(table, []).append(write_counter)
        return write_counter

    def note(self, sql: str) -> None:
        """A statement is about to write."""
        table, column = _target_of(sql)
        if not table:
            self.note_all()
        for watch in self._by_table.get(table, ()):
            if column not in watch.but:
                watch.count += 1

    def note_all(self) -> None:
        """Anything may have changed."""
        for watch in self._all.values():
            watch.count += 1


@lru_cache(maxsize=1024)
def _target_of(sql: str) -> tuple[str, str]:
    """The table that is written to, and its column `table.column` where it is one alone."""
    match = _WRITES.match(sql)
    if match is None:
        return "", ""
    table = match[1].lower()
    return table, f"{table}.{match[2].lower()}" if match[2] else ""
