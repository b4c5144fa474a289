"""Search: streams and users by the words that are said of them (docs/reference/discovery.md)."""

from typing import Literal

from msgspec import Struct

from emulator.world.discovery import words
from emulator.world.live import lists
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# bm25 is the better the smaller (SQLite, "The bm25() function"). A word in the title weighs ten
# times as much as one in the description. In the order of the columns of `stream_search`.
_STREAM_RANK = "bm25(stream_search, 10.0, 1.0, 5.0, 3.0)"
_USER_RANK = "bm25(user_search, 2.0, 1.0)"


class Filters(Struct, frozen=True, kw_only=True):
    """`began_from_ms` and `began_to_ms` bound when a stream began; both bounds belong to it.

    A stream that has not begun counts from when it was made.
    """

    status: Status | Literal["all"] = "all"
    category_pk: int | None = None
    began_from_ms: int | None = None
    began_to_ms: int | None = None


_BEGAN = "coalesce(streams.started_at_ms, streams.created_at_ms)"


def streams(
    world: World, typed: str, filters: Filters, *, offset: int, count: int
) -> tuple[list[Stream], int]:
    """One page of the public streams that all typed words are said of, and how many there are.

    The best first, of equal ones the oldest. Nothing typed finds everything, the newest first;
    something without a letter or digit finds nothing.
    """
    conditions, values = _conditions(filters)
    if typed.strip():
        expression = words.expression(typed)
        if expression is None:
            return [], 0
        # CROSS JOIN keeps the order: the other way round each stream would be searched for.
        source = "stream_search CROSS JOIN streams ON streams.row = stream_search.rowid"
        conditions.insert(0, "stream_search MATCH ?")
        values.insert(0, expression)
        order = f"{_STREAM_RANK}, streams.row"
    else:
        source = "streams"
        order = "streams.created_at_ms DESC, streams.row DESC"
    text = f"FROM {source} WHERE {' AND '.join(conditions)}"
    rows = world.store.rows(
        f"SELECT streams.row {text} ORDER BY {order} LIMIT ? OFFSET ?", *values, count, offset
    )
    total = world.store.number(f"SELECT count(*) {text}", *values)
    return lists.by_pks(world, [row["row"] for row in rows]), total


def users(world: World, typed: str, count: int) -> list[User]:
    """Users with a name that begins with every typed word.

    An exact match is first, then the best, of equal ones the oldest account.
    """
    expression = words.expression(typed)
    if expression is None:
        return []
    rows = world.store.rows(
        "SELECT users.row FROM user_search CROSS JOIN users ON users.row = user_search.rowid"
        f" WHERE user_search MATCH ? ORDER BY users.username = ? DESC, {_USER_RANK}, users.row"
        " LIMIT ?",
        expression,
        typed.strip(),
        count,
    )
    values = accounts.by_pks(world, [row["row"] for row in rows])
    return [values[row["row"]] for row in rows]


def _conditions(filters: Filters) -> tuple[list[str], list[object]]:
    conditions = ["streams.visibility = 'public'"]
    values: list[object] = []
    for condition, value in (
        ("streams.status = ?", None if filters.status == "all" else filters.status),
        ("streams.category_row = ?", filters.category_pk),
        (f"{_BEGAN} >= ?", filters.began_from_ms),
        (f"{_BEGAN} <= ?", filters.began_to_ms),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    return conditions, values
