"""Searches: the texts that users searched for, counted for all time, and by minute for a day."""

from emulator.world.discovery import words
from emulator.world.discovery.pending import DAY_MS
from emulator.world.world import World


def note(world: World, typed: str) -> None:
    """Count a search. A text without any word does not count."""
    if words.expression(typed) is not None:
        world.searches.add(world.store, words.folded(typed), world.now_ms)


def trending(world: World, count: int) -> list[str]:
    """Return the most frequent searches of the last day, equal ones by text."""
    world.searches.keep(world.store, world.now_ms)
    rows = world.store.rows(
        "SELECT text FROM searches WHERE minute_at_ms > ?"
        " GROUP BY text ORDER BY sum(count) DESC, text LIMIT ?",
        world.now_ms - DAY_MS,
        count,
    )
    return [row["text"] for row in rows]


def popular(world: World, count: int) -> list[str]:
    """Return the most frequent searches of all time, equal ones by text."""
    world.searches.keep(world.store, world.now_ms)
    rows = world.store.rows(
        "SELECT text FROM search_terms ORDER BY count DESC, text LIMIT ?", count
    )
    return [row["text"] for row in rows]
