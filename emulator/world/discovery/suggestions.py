"""Suggestions: completions of a search (docs/reference/discovery.md)."""

from itertools import chain, zip_longest

from emulator.world.discovery import words
from emulator.world.live import tags
from emulator.world.world import World


def suggest(world: World, typed: str, count: int) -> list[str]:
    """Titles, tags and usernames with words that begin with what was typed.

    In turn the next title, tag and user, each kind by its own order; no text stands twice.
    """
    expression = words.expression(typed)
    if expression is None:
        return []
    in_turn = zip_longest(
        _titles(world, expression, count),
        tags.suggest(world, typed, count),
        _usernames(world, expression, count),
    )
    distinct: dict[str, str] = {}
    for text in chain.from_iterable(in_turn):
        if text is not None:
            distinct.setdefault(text.casefold(), text)
    return list(distinct.values())[:count]


def _titles(world: World, expression: str, count: int) -> list[str]:
    """Of public streams: live ones first, then the newest."""
    rows = world.store.rows(
        "SELECT streams.title FROM stream_search"
        " CROSS JOIN streams ON streams.row = stream_search.rowid"
        " WHERE stream_search MATCH ? AND streams.visibility = 'public'"
        " ORDER BY streams.status = 'live' DESC, streams.row DESC LIMIT ?",
        f"title : ({expression})",
        count,
    )
    return [row["title"] for row in rows]


def _usernames(world: World, expression: str, count: int) -> list[str]:
    """The oldest account first."""
    rows = world.store.rows(
        "SELECT users.username FROM user_search CROSS JOIN users ON users.row = user_search.rowid"
        " WHERE user_search MATCH ? ORDER BY users.row LIMIT ?",
        expression,
        count,
    )
    return [row["username"] for row in rows]
