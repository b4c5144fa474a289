"""Lists of VODs, newest first, and the full text search of VODs."""

from functools import partial

from emulator.world.discovery import matches
from emulator.world.discovery.matches import Index
from emulator.world.library import recordings, transcripts
from emulator.world.library.recordings import Vod, VodStatus
from emulator.world.people.accounts import User
from emulator.world.store import pages
from emulator.world.store.pages import QueryPart, Total
from emulator.world.world import World

_NEWEST = "ORDER BY vods.created_at_ms DESC, vods.row DESC"
_PUBLIC = "status = 'ready' AND visibility = 'public'"
_VODS = Index("vods", {"title": 10.0, "description": 2.0, "chapters": 5.0, "transcript": 1.0})


def page(
    world: World,
    viewer: User | None,
    *,
    stream_id: str | None = None,
    status: VodStatus | None = None,
    offset: int,
    count: int,
) -> tuple[list[Vod], int]:
    """Return one page of public ready VODs and the viewer's own in any state, and their total."""
    conditions, values = list[str](), list[object]()
    if stream_id is not None:
        conditions.append("stream_row = (SELECT row FROM streams WHERE id = ?)")
        values.append(stream_id)
    if status is not None:
        conditions.append("status = ?")
        values.append(status)
    parts = []
    if status in (None, "ready"):
        totals: list[Total] | None = ["vods"] if stream_id is None else None
        parts.append(QueryPart(" AND ".join([_PUBLIC, *conditions]), values, totals))
    if viewer is not None:
        own = [f"user_row = ? AND NOT ({_PUBLIC})", *conditions]
        parts.append(QueryPart(" AND ".join(own), [viewer.pk, *values]))
    return _page(world, parts, offset, count)


def of_user(world: World, user: User, *, offset: int, count: int) -> tuple[list[Vod], int]:
    """Return one page of a user's public ready VODs, and their total."""
    return _page(world, [QueryPart(f"user_row = ? AND {_PUBLIC}", [user.pk])], offset, count)


def search(world: World, typed: str, *, offset: int, count: int) -> tuple[list[Vod], int]:
    """Return one page of the public VODs that match all typed words, and their total.

    Words of the title, the description, chapters and the transcript count. The best come first, of
    equal ones the oldest. An empty text finds all VODs; a text without letters and digits finds
    none.
    """
    if not typed.strip():
        return _page(world, [QueryPart(_PUBLIC, totals=["vods"])], offset, count)
    _index(world)
    conditions = ["vods.status = 'ready'", "vods.visibility = 'public'"]
    relevance, total = matches.page(world, _VODS, typed, conditions, offset=offset, count=count)
    vods = [recordings.one(world, "WHERE vods.row = ?", row) for row in relevance]
    return [vod for vod in vods if vod is not None], total


def _page(world: World, parts: list[QueryPart], offset: int, count: int) -> tuple[list[Vod], int]:
    if not parts:
        return [], 0
    rows, values = pages.newest("vods", parts, offset=offset, count=count)
    vods = recordings.select(world, f"WHERE vods.row IN ({rows}) {_NEWEST}", *values)
    return vods, pages.total(world.store, "vods", parts)


def _index(world: World) -> None:
    """Index the VODs that have changed since the last search.

    If they cannot be written (full disk), the next search tries again. No cached answer becomes
    stale.
    """
    last = 0
    while waiting := world.store.rows(
        "SELECT vod_row FROM vods_to_index WHERE vod_row > ? ORDER BY vod_row LIMIT 100", last
    ):
        rows = [row for (row,) in waiting]
        if not world.store.note(partial(_index_all, world, rows), is_seen=False):
            return
        last = rows[-1]


def _index_all(world: World, rows: list[int]) -> None:
    for row in rows:
        _index_one(world, row)


def _index_one(world: World, pk: int) -> None:
    vod = recordings.one(world, "WHERE vods.row = ?", pk)
    assert vod is not None
    titles = world.store.rows(
        "SELECT title, description FROM chapters WHERE vod_row = ? ORDER BY from_ms", pk
    )
    world.store.write("DELETE FROM vods_to_index WHERE vod_row = ?", pk)
    world.store.write("DELETE FROM vod_search WHERE rowid = ?", pk)
    world.store.insert(
        "vod_search",
        rowid=pk,
        title=vod.title,
        description=vod.description or "",
        chapters="\n".join(f"{title} {description or ''}" for title, description in titles),
        transcript=transcripts.text_of(world, vod.stream_pk) if vod.stream_pk is not None else "",
    )
