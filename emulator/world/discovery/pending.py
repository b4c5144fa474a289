"""PendingSearches: searches that are counted but not written yet.

A flood of searches would be a flood of transactions. So searches are counted in memory and written
together: at the first search after `WRITE_DELAY_MS`, before the counts are read, and when the world
is closed. A killed process loses the last ones, which is acceptable.
"""

from collections import Counter
from functools import partial

from emulator.world.store.journal import Store

WRITE_DELAY_MS = 250
DAY_MS = 86_400_000
_MINUTE_MS = 60_000
_TEXTS_MAX = 1_000


class PendingSearches:
    """The pending searches of one world."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._kept_at_ms = 0

    def add(self, store: Store, text: str, now_ms: int) -> None:
        """Count one search; `text` is folded as by `words.folded`."""
        self._counts[now_ms - now_ms % _MINUTE_MS, text] += 1
        if now_ms - self._kept_at_ms >= WRITE_DELAY_MS or len(self._counts) >= _TEXTS_MAX:
            self.keep(store, now_ms)

    def keep(self, store: Store, now_ms: int) -> None:
        """Write the counts, and delete those of more than a day ago."""
        self._kept_at_ms = now_ms
        if not self._counts:
            return
        # No other cached answer depends on searches, so none of them becomes stale.
        if store.note(partial(self._write, store, now_ms), is_seen=False):
            self._counts.clear()
        elif len(self._counts) >= _TEXTS_MAX:
            self._counts.clear()  # They may be lost, and memory is limited.

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
