"""Searches: what people searched for, counted for ever, and by the minute for a day."""

from emulator.world.discovery import words
from emulator.world.world import World

DAY_MS = 86_400_000
_MINUTE_MS = 60_000


def note(world: World, typed: str) -> None:
    """Remember that this was searched for. What has no word in it is not a search."""
    if words.expression(typed) is None:
        return
    text = words.folded(typed)
    now_ms = world.now_ms
    # No other answer depends on it, so that a flood of searches makes none of them stale.
    with world.store.change(is_seen=False):
        world.store.write(
            "INSERT INTO search_terms VALUES (?, 1)"
            " ON CONFLICT (text) DO UPDATE SET count = count + 1",
            text,
        )
        world.store.write(
            "INSERT INTO searches VALUES (?, ?, 1)"
            " ON CONFLICT (minute_at_ms, text) DO UPDATE SET count = count + 1",
            now_ms - now_ms % _MINUTE_MS,
            text,
        )
        world.store.write("DELETE FROM searches WHERE minute_at_ms <= ?", now_ms - DAY_MS)


def trending(world: World, count: int) -> list[str]:
    """The most frequent searches of the last day, of equal ones the first by text."""
    rows = world.store.rows(
        "SELECT text FROM searches WHERE minute_at_ms > ?"
        " GROUP BY text ORDER BY sum(count) DESC, text LIMIT ?",
        world.now_ms - DAY_MS,
        count,
    )
    return [row["text"] for row in rows]


def popular(world: World, count: int) -> list[str]:
    """The most frequent searches of all time, of equal ones the first by text."""
    rows = world.store.rows(
        "SELECT text FROM search_terms ORDER BY count DESC, text LIMIT ?", count
    )
    return [row["text"] for row in rows]
