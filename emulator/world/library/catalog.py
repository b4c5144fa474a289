"""Catalog: every recording, clip and uploaded video of a world in one list, whoever may see it.

For people who steer the emulator; users of the platform are shown `lists`.
"""

from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.world.store.rows import read_row
from emulator.world.world import World

Kind = Literal["vod", "clip", "video"]
CatalogStatus = Literal["processing", "ready", "failed"]


class CatalogItem(Struct, frozen=True):
    """`uid`: where it plays; `media_uid`: whose files it shows.

    `is_simulated`: it has no files, since it is the built-in picture. `progress_percent`: of what
    is done with an uploaded video at the moment, else None.
    """

    kind: Kind
    id: str
    uid: str
    media_uid: str
    stream_id: str | None
    title: str
    username: str
    status: CatalogStatus
    failure: str | None
    duration_ms: int
    progress_percent: int | None
    is_simulated: bool
    created_at_ms: int


_ITEMS = """
WITH items AS (
    SELECT 'vod' AS kind, row, id, coalesce(video_uid, uid) AS uid, media_uid, user_row,
        stream_row, title, status, failure, duration_ms, created_at_ms,
        loop_began_at_ms IS NOT NULL AS is_simulated
    FROM vods WHERE status != 'deleted'
    UNION ALL
    SELECT 'clip', row, id, uid, uid, user_row, stream_row, title, status, failure,
        to_ms - from_ms, created_at_ms, is_simulated
    FROM clips
    UNION ALL
    SELECT 'video', row, id, uid, uid, user_row, NULL, title, status, failure, duration_ms,
        created_at_ms, 0
    FROM videos
)
"""
_FITTING = """
FROM items JOIN users ON users.row = items.user_row
    LEFT JOIN streams ON streams.row = items.stream_row
WHERE (?1 IS NULL OR items.kind = ?1) AND (?2 IS NULL OR items.status = ?2)
    AND instr(lower(items.title || ' ' || users.username || ' ' || items.id), lower(?3))
"""
_PAGE = f"""
{_ITEMS}
SELECT items.*, users.username, streams.id AS stream_id,
    CASE WHEN items.kind = 'video' AND items.status = 'processing' THEN
        (SELECT progress_percent FROM video_jobs WHERE video_row = items.row
            ORDER BY video_jobs.row DESC LIMIT 1)
    END AS progress_percent
{_FITTING}
ORDER BY items.created_at_ms DESC, items.kind, items.row DESC LIMIT ?4 OFFSET ?5
"""


def page(
    world: World,
    *,
    kind: Kind | None = None,
    status: CatalogStatus | None = None,
    text: str = "",
    offset: int,
    count: int,
) -> tuple[list[CatalogItem], int]:
    """One page, the newest first, and how many there are.

    `text` is part of the title, the owner's name or the id, in either case of Latin letters.
    """
    values = (kind, status, text)
    rows = world.store.rows(_PAGE, *values, count, offset)
    total = world.store.number(f"{_ITEMS} SELECT count(*) {_FITTING}", *values)
    return [_item(row) for row in rows], total


def processing(world: World) -> int:
    """How many are being made at the moment."""
    return world.store.number(f"{_ITEMS} SELECT count(*) FROM items WHERE status = 'processing'")


_item = partial(read_row, CatalogItem)
