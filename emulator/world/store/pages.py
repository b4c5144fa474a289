"""Pages: the newest rows that everybody sees, and a viewer's own, without a look at all of them.

`public OR mine` makes SQLite collect and sort whatever fits. Here each condition walks an index of
its own as far as the page goes, and triggers count what is public (`totals` in the schema).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from emulator.world.store.journal import Store

Total = Literal["streams offline", "streams live", "streams ended", "vods", "videos"]


class QueryPart(NamedTuple):
    """A condition with its values. No row fits two parts of one list.

    `totals` are those that say how many fit it; None where they have to be counted. What fits a
    part that `is_first` comes before the rows of all others.
    """

    where: str
    values: Sequence[object] = ()
    totals: Sequence[Total] | None = None
    is_first: bool = False


def newest(
    table: str, parts: Sequence[QueryPart], *, offset: int, count: int
) -> tuple[str, list[object]]:
    """A query for the `row`s of one page of the parts together, and its values."""
    newest_first = "created_at_ms DESC, row DESC"
    if len(parts) == 1:
        # The index as it stands: a query in a query is sorted in a table of its own.
        (part,) = parts
        page = f"SELECT row FROM {table} WHERE {part.where} ORDER BY {newest_first}"
        return f"{page} LIMIT ? OFFSET ?", [*part.values, count, offset]
    union = " UNION ALL ".join(
        f"SELECT * FROM (SELECT row, created_at_ms, {int(part.is_first)} AS is_first"
        f" FROM {table} WHERE {part.where} ORDER BY {newest_first} LIMIT ?)"
        for part in parts
    )
    values = [value for part in parts for value in (*part.values, offset + count)]
    page = f"SELECT row FROM ({union}) ORDER BY is_first DESC, {newest_first} LIMIT ? OFFSET ?"
    return page, [*values, count, offset]


def total(store: Store, table: str, parts: Sequence[QueryPart]) -> int:
    """How many rows fit."""
    return sum(_fitting(store, table, part) for part in parts)


def _fitting(store: Store, table: str, part: QueryPart) -> int:
    if part.totals is None:
        return store.number(f"SELECT count(*) FROM {table} WHERE {part.where}", *part.values)
    names = ", ".join("?" * len(part.totals))
    return store.number(f"SELECT sum(count) FROM totals WHERE kind IN ({names})", *part.totals)
