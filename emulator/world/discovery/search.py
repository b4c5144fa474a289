"""Search: streams and users by words (docs/reference/discovery.md)."""

import json
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

# A word in the title has ten times the weight of one in the description.
_STREAMS = Index("streams", {"title": 10.0, "description": 1.0, "tags": 5.0, "user": 3.0})
_USERS = Index("users", {"username": 2.0, "display_name": 1.0})


class Filters(Struct, frozen=True, kw_only=True):
    """The filters of a search. `began_from_ms` and `began_to_ms` limit its start, both inclusive.

    For a stream that has not begun its creation counts.
    """

    status: Status | Literal["all"] = "all"
    category_pk: int | None = None
    began_from_ms: int | None = None
    began_to_ms: int | None = None


_BEGAN = "coalesce(streams.started_at_ms, streams.created_at_ms)"
# The index is named because SQLite takes any other one for narrower.
_BY_BEGAN = "streams INDEXED BY streams_by_began"


def streams(
    world: World, typed: str, filters: Filters, *, offset: int, count: int
) -> tuple[list[Stream], int]:
    """Return one page of the public streams that match all typed words, and their total.

    The best come first, of equal ones the oldest (`matches.page`). An empty text finds all, newest
    first; a text without letters and digits finds none.
    """
    if not typed.strip():
        return _newest(world, filters, offset=offset, count=count)
    conditions, values = _conditions(filters)
    relevance, total = matches.page(
        world,
        _STREAMS,
        typed,
        conditions,
        values,
        offset=offset,
        count=count,
        among=_few(world, filters),
    )
    return lists.by_pks(world, list(relevance)), total


def _few(world: World, filters: Filters) -> list[int] | None:
    """Return the streams that match the filters of one index; None if they are many."""
    most = world.rules.search_matches_max
    began = Filters(began_from_ms=filters.began_from_ms, began_to_ms=filters.began_to_ms)
    other = Filters(status=filters.status, category_pk=filters.category_pk)
    for indexed, source in ((began, _BY_BEGAN), (other, "streams")):
        if indexed == Filters():
            continue
        conditions, values = _conditions(indexed)
        text = f"SELECT row FROM {source} WHERE {' AND '.join(conditions)} LIMIT ?"
        pks = [row["row"] for row in world.store.rows(text, *values, most + 1)]
        if len(pks) <= most:
            return pks
    return None


def _newest(world: World, filters: Filters, *, offset: int, count: int) -> tuple[list[Stream], int]:
    if filters.began_from_ms is None and filters.began_to_ms is None:
        listed = StreamFilter(status=filters.status, category_pk=filters.category_pk)
        return lists.page(world, None, listed, offset=offset, count=count)
    conditions, values = _conditions(filters)
    few = _few(world, filters)
    source = "streams"
    if few is not None:
        source = "json_each(?) CROSS JOIN streams ON streams.row = value"
        values.insert(0, json.dumps(few))
    text = f"FROM {source} WHERE {' AND '.join(conditions)}"
    rows = world.store.rows(
        f"SELECT row {text} ORDER BY created_at_ms DESC, row DESC LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) {text}", *values)
    return lists.by_pks(world, [row["row"] for row in rows]), total


def users(world: World, typed: str, count: int) -> list[User]:
    """Return users with words in their names that begin with the typed words.

    An exact match comes first, then the best, of equal ones the oldest account.
    """
    relevance, _ = matches.page(world, _USERS, typed, offset=0, count=count)
    exact = world.store.rows("SELECT row FROM users WHERE username = ?", typed.strip())
    pks = list(dict.fromkeys([*(row["row"] for row in exact), *relevance]))[:count]
    users_by_pk = accounts.by_pks(world, pks)
    return [users_by_pk[pk] for pk in pks]


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
