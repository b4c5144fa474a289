"""Lists of VODs, the newest first, and what is found by words."""

from emulator.world.discovery import words
from emulator.world.library import recordings, transcripts
from emulator.world.library.recordings import Vod, VodStatus
from emulator.world.people.accounts import User
from emulator.world.world import World

_NEWEST = "ORDER BY vods.created_at_ms DESC, vods.row DESC LIMIT ? OFFSET ?"
_PUBLIC = "vods.status = 'ready' AND vods.visibility = 'public'"
# bm25 is the better the smaller (SQLite, "The bm25() function"): title, description, chapters,
# transcript.
_RANK = "bm25(vod_search, 10.0, 2.0, 5.0, 1.0)"


def page(
    world: World,
    viewer: User | None,
    *,
    stream_id: str | None = None,
    status: VodStatus | None = None,
    offset: int,
    count: int,
) -> tuple[list[Vod], int]:
    """One page: public and ready ones, and a viewer's own in any state; and how many there are."""
    conditions, values = [_PUBLIC], list[object]()
    if viewer is not None:
        conditions = [f"(({_PUBLIC}) OR vods.user_row = ?)"]
        values = [viewer.row]
    if stream_id is not None:
        conditions.append("vods.stream_row = (SELECT row FROM streams WHERE id = ?)")
        values.append(stream_id)
    if status is not None:
        conditions.append("vods.status = ?")
        values.append(status)
    return _page(world, " AND ".join(conditions), values, offset, count)


def of_user(world: World, user: User, *, offset: int, count: int) -> tuple[list[Vod], int]:
    """One page of a user's public and ready VODs, and how many there are."""
    return _page(world, f"vods.user_row = ? AND {_PUBLIC}", [user.row], offset, count)


def search(world: World, typed: str, *, offset: int, count: int) -> tuple[list[Vod], int]:
    """One page of the public VODs that all typed words are said of, and how many there are.

    Words of the title, the description, chapters and the transcript count. The best first, of equal
    ones the oldest. Nothing typed finds everything; what has no letter and no digit finds nothing.
    """
    if not typed.strip():
        return _page(world, _PUBLIC, [], offset, count)
    expression = words.expression(typed)
    if expression is None:
        return [], 0
    _index(world)
    found = (
        "FROM vod_search CROSS JOIN vods ON vods.row = vod_search.rowid"
        f" WHERE vod_search MATCH ? AND {_PUBLIC}"
    )
    rows = world.store.rows(
        f"SELECT vods.row {found} ORDER BY {_RANK}, vods.row LIMIT ? OFFSET ?",
        expression,
        count,
        offset,
    )
    vods = [recordings.one(world, "WHERE vods.row = ?", row["row"]) for row in rows]
    total = world.store.number(f"SELECT count(*) {found}", expression)
    return [vod for vod in vods if vod is not None], total


def _page(
    world: World, where: str, values: list[object], offset: int, count: int
) -> tuple[list[Vod], int]:
    found = recordings.select(world, f"WHERE {where} {_NEWEST}", *values, count, offset)
    return found, world.store.number(f"SELECT count(*) FROM vods WHERE {where}", *values)


def _index(world: World) -> None:
    """Take in what has changed since somebody searched last. No answer gets stale by it."""
    last = 0
    while waiting := world.store.rows(
        "SELECT vod_row FROM vods_to_index WHERE vod_row > ? ORDER BY vod_row LIMIT 100", last
    ):
        with world.store.change(is_seen=False):
            for (row,) in waiting:
                _index_one(world, row)
                last = row


def _index_one(world: World, row: int) -> None:
    vod = recordings.one(world, "WHERE vods.row = ?", row)
    assert vod is not None
    titles = world.store.rows(
        "SELECT title, description FROM chapters WHERE vod_row = ? ORDER BY from_ms", row
    )
    world.store.write("DELETE FROM vods_to_index WHERE vod_row = ?", row)
    world.store.write("DELETE FROM vod_search WHERE rowid = ?", row)
    world.store.write(
        "INSERT INTO vod_search (rowid, title, description, chapters, transcript)"
        " VALUES (?, ?, ?, ?, ?)",
        row,
        vod.title,
        vod.description or "",
        "\n".join(f"{title} {description or ''}" for title, description in titles),
        transcripts.text_of(world, vod.stream_row) if vod.stream_row is not None else "",
    )
