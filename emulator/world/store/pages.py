"""Pages: the newest rows that are public or the caller's own, without reading all rows.

For `public OR mine` SQLite collects and sorts all rows that match. Here each condition walks an
index of its own, only as far as the page needs, and triggers count the public rows (`totals` in the
schema).
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from emulator.world.store.journal import Store

Total = Literal["streams offline", "streams live", "streams ended", "vods", "videos"]


class QueryPart(NamedTuple):
    """An SQL condition with its values. No row may match two parts of one list.

    `totals` are the counters whose sum is the number of matching rows; None if the rows have to be
    counted. Rows of a part that `is_first` come before the rows of all other parts.
    """

    where: str
    values: Sequence[object] = ()
    totals: Sequence[Total] | None = None
    is_first: bool = False


def newest(
    table: str, parts: Sequence[QueryPart], *, offset: int, count: int
) -> tuple[str, list[object]]:
    """Build the query for one page of all parts together; returns its SQL and its values."""
    newest_first = "created_at_ms DESC, row DESC"
    if len(parts) == 1:
        # This walks the index directly: SQLite would sort a subquery in a temporary table.
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
    """Return how many rows match the parts."""
    return sum(_count_of(store, table, part) for part in parts)


def _count_of(store: Store, table: str, part: QueryPart) -> int:
    if part.totals is None:
        return store.number(f"SELECT count(*) FROM {table} WHERE {part.where}", *part.values)
    names = ", ".join("?" * len(part.totals))
    return store.number(f"SELECT sum(count) FROM totals WHERE kind IN ({names})", *part.totals)
