"""Matches: full text search, best results first (docs/reference/discovery.md).

BM25 reads each matching row, and a common word may match all rows. So only up to
`search_matches_max` matches are ranked. If there are more, the newest are returned unranked: such
words say little about a row. Whole words are searched first, because SQLite walks the rows of one
word lazily, but collects the rows of all words with a common beginning.
"""

import json
from collections.abc import Sequence

from msgspec import Struct

from emulator.world.discovery import words
from emulator.world.world import World


class Index(Struct, frozen=True):
    """The full text index of `table`. `columns` are the weights by column, the title's first."""

    table: str
    columns: dict[str, float]

    @property
    def name(self) -> str:
        return f"{self.table.removesuffix('s')}_search"


def page(
    world: World,
    index: Index,
    typed: str,
    conditions: Sequence[str] = (),
    values: Sequence[object] = (),
    *,
    offset: int,
    count: int,
    among: Sequence[int] | None = None,
) -> tuple[dict[int, float], int]:
    """Return one page of matching rows: relevance (0 or more) by primary key; and their total.

    All `conditions` (SQL with `values`) must hold. The most relevant come first, of equal ones the
    oldest. Of more than `search_matches_max` matches the newest are returned, those with all words
    in the title first. Text without a letter or digit finds nothing.

    `among`: the only rows that can meet the conditions, if the caller knows that they are few. Then
    it is they that are searched for common words, and not the words' rows for them.
    """
    expression = words.expression(typed)
    if expression is None:
        return {}, 0
    # CROSS JOIN fixes the order: the other way round SQLite would search for each row.
    text = (
        f"FROM {index.name} CROSS JOIN {index.table} ON {index.table}.row = {index.name}.rowid"
        f" WHERE {' AND '.join([f'{index.name} MATCH ?', *conditions])}"
    )
    if among is not None and _is_common(world, index, typed):
        pks: list[int] | None = _among(world, index, typed, conditions, values, among)
    else:
        pks = _newest(world, index, typed, text, values)
    if pks is not None:
        return dict.fromkeys(pks[offset : offset + count], 0.0), len(pks)
    # A smaller rank is better (SQLite, "The bm25() function").
    rank = f"bm25({index.name}, {', '.join(map(str, index.columns.values()))})"
    ranked = world.store.rows(
        f"SELECT {index.table}.row, {rank} AS rank {text} ORDER BY rank, {index.table}.row"
        " LIMIT ? OFFSET ?",
        expression,
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) {text}", expression, *values)
    return {row["row"]: -row["rank"] for row in ranked}, total


def _newest(
    world: World, index: Index, typed: str, text: str, values: Sequence[object]
) -> list[int] | None:
    """Return the newest matches if there are too many to rank, else None."""
    expression = words.expression(typed, is_whole=True)
    title = f"{next(iter(index.columns))} : ({expression})"
    most = world.rules.search_matches_max
    newest = f"SELECT {index.table}.row AS row {text} ORDER BY {index.name}.rowid DESC LIMIT ?"
    pks = [row["row"] for row in world.store.rows(newest, expression, *values, most + 1)][:-1]
    if len(pks) < most:
        return None
    titled = {row["row"] for row in world.store.rows(newest, title, *values, most)}
    return sorted(pks, key=lambda pk: pk not in titled)


def _is_common(world: World, index: Index, typed: str) -> bool:
    """Whether more rows than can be ranked have all typed words."""
    expression, most = words.expression(typed, is_whole=True), world.rules.search_matches_max
    # The rows are only counted, and SQLite reads no more than the limit.
    limited = f"SELECT rowid FROM {index.name} WHERE {index.name} MATCH ? LIMIT ?"
    return world.store.number(f"SELECT count(*) FROM ({limited})", expression, most + 1) > most


def _among(
    world: World,
    index: Index,
    typed: str,
    conditions: Sequence[str],
    values: Sequence[object],
    among: Sequence[int],
) -> list[int]:
    """Return the matches among these rows: those with all words in the title, then the newest."""
    expression = words.expression(typed, is_whole=True)
    title = f"{next(iter(index.columns))} : ({expression})"
    matching = (
        f"EXISTS (SELECT 1 FROM {index.name} WHERE {index.name} MATCH ?"
        f" AND rowid = {index.table}.row)"
    )
    rows = world.store.rows(
        f"SELECT row FROM json_each(?) CROSS JOIN {index.table} ON {index.table}.row = value"
        f" WHERE {' AND '.join([*conditions, matching])} ORDER BY {matching} DESC, row DESC",
        json.dumps(among),
        *values,
        expression,
        title,
    )
    return [row["row"] for row in rows]
