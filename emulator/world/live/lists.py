"""Lists of streams: pages as a viewer may see them, newest first.

Everybody sees public streams; only the owner sees unlisted and private ones.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from emulator.world.live import streams
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store import pages
from emulator.world.store.journal import Store
from emulator.world.store.pages import QueryPart, Total
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World


class StreamFilter(Struct, frozen=True, kw_only=True):
    """The streams that a list shows. `default`: live ones of others, all of the viewer's own.

    In an unfiltered list the viewer's own streams that have not ended come first.
    """

    status: Status | Literal["all", "default"] = "all"
    category_pk: int | None = None
    user_pk: int | None = None

    @property
    def is_unfiltered(self) -> bool:
        return self == _UNFILTERED


class _PageCache(TableCache[tuple[StreamFilter, int | None, int, int], tuple[list[Stream], int]]):
    """Cached pages by filter, the viewer's primary key, offset and count."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.watch("streams", "vods", "users", "follows", "categories"))


_UNFILTERED = StreamFilter(status="default")
_OPEN = "status IN ('offline', 'live')"


_TOTALS: dict[str, tuple[Total, ...]] = {
    "default": ("streams live",),
    "offline": ("streams offline",),
    "live": ("streams live",),
    "ended": ("streams ended",),
    "all": ("streams offline", "streams live", "streams ended"),
}


def page(
    world: World, viewer: User | None, wanted: StreamFilter, *, offset: int, count: int
) -> tuple[list[Stream], int]:
    """Return one page of the streams that `viewer` may see, and their total.

    A viewer's own streams are always included, unlisted and private ones too.
    """
    known = world.memory(_PageCache).values()
    key = (wanted, viewer.pk if viewer else None, offset, count)
    result = known.get(key)
    if result is None:
        result = known[key] = _page(world, viewer, wanted, offset, count)
    listed, total = result
    return list(listed), total


def _page(
    world: World, viewer: User | None, wanted: StreamFilter, offset: int, count: int
) -> tuple[list[Stream], int]:
    parts = ordered = _parts(viewer, wanted)
    if viewer is not None and wanted.is_unfiltered:
        ordered = _own_open_first(viewer)
    query, values = pages.newest("streams", ordered, offset=offset, count=count)
    pks = [row[0] for row in world.store.rows(query, *values)]
    return streams.by_pks(world, pks), pages.total(world.store, "streams", parts)


def everything(
    world: World, status: Status | None, text: str, *, offset: int, count: int
) -> tuple[list[Stream], int]:
    """Return one page of all streams, regardless of visibility, and their total.

    Live ones first, then offline, then ended ones, each newest first. `text` has to occur in the
    title, the owner's name, the id or the uid; the case of Latin letters is ignored. For the admin
    API: this reads every stream.
    """
    matching = (
        "WHERE (?1 IS NULL OR streams.status = ?1) AND instr(lower(streams.title || ' ' ||"
        " (SELECT username FROM users WHERE users.row = streams.user_row) || ' ' || streams.id"
        " || ' ' || streams.uid), lower(?2))"
    )
    order = (
        "ORDER BY CASE streams.status WHEN 'live' THEN 0 WHEN 'offline' THEN 1 ELSE 2 END,"
        " streams.created_at_ms DESC, streams.row DESC LIMIT ?3 OFFSET ?4"
    )
    listed = streams.select(world, f"{matching} {order}", status, text, count, offset)
    total = world.store.number(f"SELECT count(*) FROM streams {matching}", status, text)
    return listed, total


def count(world: World, status: Status) -> int:
    """Return how many streams are in this state, regardless of visibility."""
    return world.store.number("SELECT count(*) FROM streams WHERE status = ?", status)


def by_pks(world: World, rows: Iterable[int]) -> list[Stream]:
    """Return these streams in this order."""
    return streams.by_pks(world, list(rows))


def _parts(viewer: User | None, wanted: StreamFilter) -> list[QueryPart]:
    """The conditions for streams that everybody sees, and for those only the viewer sees."""
    conditions: list[str] = []
    values: list[object] = []
    if wanted.status not in {"all", "default"}:
        conditions.append("status = ?")
        values.append(wanted.status)
    if wanted.category_pk is not None:
        conditions.append("category_row = ?")
        values.append(wanted.category_pk)
    if wanted.user_pk is not None:
        conditions.append("user_row = ?")
        values.append(wanted.user_pk)
    others = "visibility = 'public'"
    if wanted.status == "default":
        others += " AND status = 'live'"
    is_whole = wanted.category_pk is None and wanted.user_pk is None
    totals = _TOTALS[wanted.status] if is_whole else None
    parts = [QueryPart(" AND ".join([others, *conditions]), values, totals)]
    if viewer is not None:
        own = [f"user_row = ? AND NOT ({others})", *conditions]
        parts.append(QueryPart(" AND ".join(own), [viewer.pk, *values]))
    return parts


def _own_open_first(viewer: User) -> list[QueryPart]:
    """The conditions of the unfiltered list: the viewer's open streams first, for their key."""
    return [
        QueryPart(f"user_row = ? AND {_OPEN}", [viewer.pk], is_first=True),
        QueryPart("visibility = 'public' AND status = 'live' AND user_row != ?", [viewer.pk]),
        QueryPart("user_row = ? AND status = 'ended'", [viewer.pk]),
    ]
