"""Remembered: what was read of some tables, until one of them is written to.

A noun keeps one as a `World.memory`. It is for rows that most reads ask for: a caller's account,
the streams of a page. Nothing in it is ever stale, since a write empties it before it happens.
"""

from typing import Generic, TypeVar

from emulator.world.store.journal import Store

K = TypeVar("K")
V = TypeVar("V")
_KEPT_MAX = 10_000


class Remembered(Generic[K, V]):
    """Values by their keys, `_KEPT_MAX` at most: one more, and all are read again.

    `tables` are all that the values are made of, and those whose triggers or foreign keys write to
    them (`tests/unit/world/store/test_remembered.py` asks the schema).
    """

    def __init__(self, store: Store, *tables: str) -> None:
        self.tables = tables
        self._watch = store.watch(*tables)
        self._count = self._watch.count
        self._values: dict[K, V] = {}

    def values(self) -> dict[K, V]:
        """What is known at this moment; a caller adds what it had to read. Not to be kept."""
        if self._count != self._watch.count or len(self._values) > _KEPT_MAX:
            self._count = self._watch.count
            self._values = {}
        return self._values
