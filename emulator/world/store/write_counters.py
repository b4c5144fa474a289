"""Watches: how often something was written to some tables, for caches of what stood there."""

import re
from functools import lru_cache

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

    def __init__(self, but: tuple[str, ...] = ()) -> None:
        self.count = 0
        self.but = but


class Watches:
    """Those of one store."""

    def __init__(self) -> None:
        self._by_table: dict[str, list[WriteCounter]] = {}
        self._all: dict[tuple[tuple[str, ...], tuple[str, ...]], WriteCounter] = {}

    def on(self, tables: tuple[str, ...], but: tuple[str, ...]) -> WriteCounter:
        """The watch on these tables: the same one for all callers."""
        write_counter = self._all.get((tables, but))
        if write_counter is None:
            write_counter = self._all[(tables, but)] = WriteCounter(but)
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
