"""Searches: what people searched for, remembered and counted. A single one is kept for a day."""

from emulator.world.discovery import words
from emulator.world.world import World

DAY_MS = 86_400_000


def note(world: World, typed: str) -> None:
    """Remember that this was searched for. What has no word in it is not a search."""
    if words.expression(typed) is None:
        return
    now_ms = world.now_ms
    with world.change():
        world.store.write(
            "INSERT INTO search_terms (text, count) VALUES (?, 1)"
            " ON CONFLICT (text) DO UPDATE SET count = count + 1",
            words.folded(typed),
        )
        world.store.write(
            "INSERT INTO searches (term_row, at_ms) SELECT row, ? FROM search_terms WHERE text = ?",
            now_ms,
            words.folded(typed),
        )
        world.store.write("DELETE FROM searches WHERE at_ms <= ?", now_ms - DAY_MS)


def trending(world: World, count: int) -> list[str]:
    """The most frequent searches of the last day, of equal ones the first by text."""
    rows = world.store.rows(
        "SELECT search_terms.text FROM searches"
        " JOIN search_terms ON search_terms.row = searches.term_row WHERE searches.at_ms > ?"
        " GROUP BY searches.term_row ORDER BY count(*) DESC, search_terms.text LIMIT ?",
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
