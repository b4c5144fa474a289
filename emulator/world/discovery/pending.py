"""PendingSearches: what was searched for and not written down yet.

A flood of searches would be a flood of transactions. So they are counted first and written
together: with the first search after `KEPT_MS`, before anybody reads them, and at the end. A killed
process loses those of the last moment, which nobody was promised.
"""

from collections import Counter
from functools import partial

from emulator.world.store.journal import Store

KEPT_MS = 250
DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_TEXTS_MAX = 1_000


class PendingSearches:
    """Those of one world."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._kept_at_ms = 0

    def add(self, store: Store, text: str, now_ms: int) -> None:
        """Count one search, as its words are compared."""
        self._counts[now_ms - now_ms % _MINUTE_MS, text] += 1
        if now_ms - self._kept_at_ms >= KEPT_MS or len(self._counts) >= _TEXTS_MAX:
            self.keep(store, now_ms)

    def keep(self, store: Store, now_ms: int) -> None:
        """Write down what was counted, and forget what is a day old."""
        self._kept_at_ms = now_ms
        if not self._counts:
            return
        # No other answer depends on it, so that a flood of searches makes none of them stale.
        if store.note(partial(self._write, store, now_ms), is_seen=False):
            self._counts.clear()
        elif len(self._counts) >= _TEXTS_MAX:
            self._counts.clear()  # Nobody was promised them, and memory is bounded.

    def _write(self, store: Store, now_ms: int) -> None:
        for (minute_at_ms, text), count in self._counts.items():
            store.write(
                "INSERT INTO search_terms VALUES (?1, ?2)"
                " ON CONFLICT (text) DO UPDATE SET count = count + ?2",
                text,
                count,
            )
            store.write(
                "INSERT INTO searches VALUES (?1, ?2, ?3)"
                " ON CONFLICT (minute_at_ms, text) DO UPDATE SET count = count + ?3",
                minute_at_ms,
                text,
                count,
            )
        store.write("DELETE FROM searches WHERE minute_at_ms <= ?", now_ms - DAY_MS)
