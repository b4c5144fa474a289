"""Search: streams and users by the words that are said of them (docs/reference/discovery.md)."""

from typing import Literal

from msgspec import Struct

from emulator.world.discovery import matches
from emulator.world.discovery.matches import Index
from emulator.world.live import lists
from emulator.world.live.lists import StreamFilter
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.world import World

# A word in the title weighs ten times as much as one in the description.
_STREAMS = Index("streams", {"title": 10.0, "description": 1.0, "tags": 5.0, "user": 3.0})
_USERS = Index("users", {"username": 2.0, "display_name": 1.0})


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

    The best first, of equal ones the oldest (`matches.page`). Nothing typed finds everything, the
    newest first; something without a letter or digit finds nothing.
    """
    if not typed.strip():
        return _newest(world, filters, offset=offset, count=count)
    conditions, values = _conditions(filters)
    relevance, total = matches.page(
        world, _STREAMS, typed, conditions, values, offset=offset, count=count
    )
    return lists.by_pks(world, list(relevance)), total


def _newest(world: World, filters: Filters, *, offset: int, count: int) -> tuple[list[Stream], int]:
    if filters.began_from_ms is None and filters.began_to_ms is None:
        listed = StreamFilter(status=filters.status, category_pk=filters.category_pk)
        return lists.page(world, None, listed, offset=offset, count=count)
    conditions, values = _conditions(filters)
    text = f"FROM streams WHERE {' AND '.join(conditions)}"
    rows = world.store.rows(
        f"SELECT row {text} ORDER BY created_at_ms DESC, row DESC LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) {text}", *values)
    return lists.by_pks(world, [row["row"] for row in rows]), total


def users(world: World, typed: str, count: int) -> list[User]:
    """Users with a name that begins with every typed word.

    An exact match is first, then the best, of equal ones the oldest account.
    """
    relevance, _ = matches.page(world, _USERS, typed, offset=0, count=count)
    exact = world.store.rows("SELECT row FROM users WHERE username = ?", typed.strip())
    pks = list(dict.fromkeys([*(row["row"] for row in exact), *relevance]))[:count]
    values = accounts.by_pks(world, pks)
    return [values[pk] for pk in pks]


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
