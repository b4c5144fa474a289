"""Watches: how often something was written to some tables, for who remembers what stood there."""

import re
from functools import lru_cache

_WRITES = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)"
    r"\s+(\w+)",
    re.IGNORECASE,
)


class Watch:
    """`count` grows with each write to one of the tables, and with each change that is undone.

    What follows in other tables, by a foreign key or a trigger, is not seen.
    """

    def __init__(self) -> None:
        self.count = 0


class Watches:
    """Those of one store."""

    def __init__(self) -> None:
        self._by_table: dict[str, list[Watch]] = {}
        self._all: dict[tuple[str, ...], Watch] = {}

    def on(self, tables: tuple[str, ...]) -> Watch:
        """The watch on these tables: the same one for whoever asks."""
        found = self._all.get(tables)
        if found is None:
            found = self._all[tables] = Watch()
            for table in tables:
                self._by_table.setdefault(table, []).append(found)
        return found

    def note(self, sql: str) -> None:
        """A statement is about to write."""
        table = _table_in(sql)
        if not table:
            self.note_all()
        for watch in self._by_table.get(table, ()):
            watch.count += 1

    def note_all(self) -> None:
        """Anything may have changed."""
        for watch in self._all.values():
            watch.count += 1


@lru_cache(maxsize=1024)
def _table_in(sql: str) -> str:
    found = _WRITES.match(sql)
    return found[1].lower() if found else ""
