"""Matches: what a full text search finds, the best first (docs/reference/discovery.md).

BM25 looks at each row that matches, and a common word is in all of them. So it ranks up to
`search_matches_max` matches. Of more the newest are found, without it: such words say little of a
row. Whole words are looked for first, since SQLite walks the rows of one word as far as it is
asked to, and those of all words with one beginning to the end.
"""

from collections.abc import Sequence

from msgspec import Struct

from emulator.world.discovery import words
from emulator.world.world import World


class Index(Struct, frozen=True):
    """The rows of `table` by their words. `columns`: the weight of each, the title's first."""

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
) -> tuple[dict[int, float], int]:
    """One page of the rows that match: each row's relevance (0 upwards), and how many are found.

    All `conditions` (SQL with `values`) hold. The most relevant first, of equal ones the oldest. Of
    more than `search_matches_max` the newest are found, those with all words in the title before
    the others. Text without a letter or digit finds nothing.
    """
    expression = words.expression(typed)
    if expression is None:
        return {}, 0
    # CROSS JOIN keeps the order: the other way round each row would be searched for.
    text = (
        f"FROM {index.name} CROSS JOIN {index.table} ON {index.table}.row = {index.name}.rowid"
        f" WHERE {' AND '.join([f'{index.name} MATCH ?', *conditions])}"
    )
    pks = _newest(world, index, typed, text, values)
    if pks is not None:
        return dict.fromkeys(pks[offset : offset + count], 0.0), len(pks)
    # Smaller is better (SQLite, "The bm25() function").
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
    """The newest matches, if there are more than are ranked."""
    expression = words.expression(typed, is_whole=True)
    title = f"{next(iter(index.columns))} : ({expression})"
    most = world.rules.search_matches_max
    newest = f"SELECT {index.table}.row AS row {text} ORDER BY {index.name}.rowid DESC LIMIT ?"
    pks = [row["row"] for row in world.store.rows(newest, expression, *values, most + 1)][:-1]
    if len(pks) < most:
        return None
    titled = {row["row"] for row in world.store.rows(newest, title, *values, most)}
    return sorted(pks, key=lambda pk: pk not in titled)
