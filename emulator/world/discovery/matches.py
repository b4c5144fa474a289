"""Matches: full text search, best results first (docs/reference/discovery.md).

BM25 reads each matching row, and a common word may match all rows. So only up to
`search_matches_max` matches are ranked. If there are more, the newest are returned unranked: such
words say little about a row. Whole words are searched first, because SQLite walks the rows of one
word lazily, but collects the rows of all words with a common beginning, unless that has two or
three letters and so an index of its own.
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
    in the title first: matches with the whole words, or with others that begin so if those are
    fewer. Text without a letter or digit finds nothing.

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
    for is_whole in (True, False):
        if among is None:
            pks = _newest(world, index, typed, text, values, is_whole=is_whole)
        else:
            pks = _among(world, index, typed, conditions, values, among, is_whole=is_whole)
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


def _expressions(index: Index, typed: str, *, is_whole: bool) -> tuple[str, str]:
    """Return the FTS5 query for the typed words, and the one for them in the title."""
    expression = words.expression(typed, is_whole=is_whole)
    return f"{expression}", f"{next(iter(index.columns))} : ({expression})"


def _newest(
    world: World,
    index: Index,
    typed: str,
    text: str,
    values: Sequence[object],
    *,
    is_whole: bool,
) -> list[int] | None:
    """Return the newest matches if there are too many to rank, else None.

    Unless `is_whole`, those with the whole words come before others with words that begin so.
    """
    most = world.rules.search_matches_max

    def newest(expression: str, count: int) -> list[int]:
        rows = world.store.rows(
            f"SELECT {index.table}.row AS row {text} ORDER BY {index.name}.rowid DESC LIMIT ?",
            expression,
            *values,
            count,
        )
        return [row["row"] for row in rows]

    expression, title = _expressions(index, typed, is_whole=is_whole)
    pks = newest(expression, most + 1)[:-1]
    if len(pks) < most:
        return None
    titled = set(newest(title, most))
    if not is_whole:
        expression, title = _expressions(index, typed, is_whole=True)
        pks = list(dict.fromkeys([*newest(expression, most), *pks]))[:most]
        titled.update(newest(title, most))
    return sorted(pks, key=lambda pk: pk not in titled)


def _among(
    world: World,
    index: Index,
    typed: str,
    conditions: Sequence[str],
    values: Sequence[object],
    among: Sequence[int],
    *,
    is_whole: bool,
) -> list[int] | None:
    """Return the matches among these rows if more than can be ranked match in the index, else None.

    Those with all words in the title come first, then the newest.
    """
    expression, title = _expressions(index, typed, is_whole=is_whole)
    most = world.rules.search_matches_max
    # The rows are only counted, and SQLite reads no more than the limit.
    limited = f"SELECT rowid FROM {index.name} WHERE {index.name} MATCH ? LIMIT ?"
    if world.store.number(f"SELECT count(*) FROM ({limited})", expression, most + 1) <= most:
        return None
    rows = world.store.rows(
        f"SELECT row FROM json_each(?) CROSS JOIN {index.table} ON {index.table}.row = value"
        f" WHERE {' AND '.join(conditions)} ORDER BY row DESC",
        json.dumps(among),
        *values,
    )
    pks = [row["row"] for row in rows]
    # The plus keeps SQLite from searching for each row: it would collect all of a beginning's rows.
    rowid = "rowid" if is_whole else "+rowid"
    matching = (
        f"SELECT rowid FROM {index.name} WHERE {index.name} MATCH ?"
        f" AND {rowid} IN (SELECT value FROM json_each(?))"
    )
    matched, titled = (
        {row["rowid"] for row in world.store.rows(matching, query, json.dumps(pks))}
        for query in (expression, title)
    )
    return sorted((pk for pk in pks if pk in matched), key=lambda pk: pk not in titled)
