"""Suggestions: completions of a search (docs/reference/discovery.md)."""

from itertools import chain, zip_longest

from emulator.world.discovery import words
from emulator.world.live import tags
from emulator.world.world import World


def suggest(world: World, typed: str, count: int) -> list[str]:
    """Return titles, tags and usernames with words that begin with what was typed.

    A title, a tag and a user alternate, each kind in its own order; no text occurs twice.
    """
    expression = words.expression(typed)
    if expression is None:
        return []
    in_turn = zip_longest(
        _titles(world, typed, count),
        tags.suggest(world, typed, count),
        _usernames(world, expression, count),
    )
    distinct: dict[str, str] = {}
    for text in chain.from_iterable(in_turn):
        if text is not None:
            distinct.setdefault(text.casefold(), text)
    return list(distinct.values())[:count]


def _titles(world: World, typed: str, count: int) -> list[str]:
    """Return titles among the newest `search_matches_max` public streams, live ones first."""
    most = world.rules.search_matches_max
    # As in `matches`: for a whole word SQLite reads only as many rows as needed.
    expression = f"title : ({words.expression(typed, is_whole=True)})"
    whole = world.store.number(
        "SELECT count(*) FROM"
        " (SELECT rowid FROM stream_search WHERE stream_search MATCH ? LIMIT ?)",
        expression,
        most,
    )
    if whole < most:
        expression = f"title : ({words.expression(typed)})"
    rows = world.store.rows(
        "SELECT title FROM (SELECT streams.row AS row, streams.title AS title, streams.status"
        " AS status FROM stream_search CROSS JOIN streams ON streams.row = stream_search.rowid"
        " WHERE stream_search MATCH ? AND streams.visibility = 'public'"
        " ORDER BY stream_search.rowid DESC LIMIT ?)"
        " ORDER BY status = 'live' DESC, row DESC LIMIT ?",
        expression,
        most,
        count,
    )
    return [row["title"] for row in rows]


def _usernames(world: World, expression: str, count: int) -> list[str]:
    """Return usernames, oldest account first."""
    rows = world.store.rows(
        "SELECT users.username FROM user_search CROSS JOIN users ON users.row = user_search.rowid"
        " WHERE user_search MATCH ? ORDER BY user_search.rowid LIMIT ?",
        expression,
        count,
    )
    return [row["username"] for row in rows]
