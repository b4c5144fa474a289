"""Catalog: every recording, clip and uploaded video of a world in one list.

For the admin API: it ignores who may see an item. Users of the platform get `lists`.
"""

from functools import partial
from typing import Literal

from msgspec import Struct

from emulator.world.store.rows import read_row
from emulator.world.world import World

Kind = Literal["vod", "clip", "video"]
CatalogStatus = Literal["processing", "ready", "failed"]


class CatalogItem(Struct, frozen=True):
    """One item. `uid` is its playback address, `media_uid` the uid of the files that it shows.

    `is_simulated`: it shows the built-in picture and has no files. `progress_percent` is set while
    an uploaded video is processed, else None.
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
_MATCHING = """
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
{_MATCHING}
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
    """Return one page of the catalog, newest first, and the number of items that match.

    `text` has to occur in the title, the owner's name or the id; the case of Latin letters is
    ignored.
    """
    values = (kind, status, text)
    rows = world.store.rows(_PAGE, *values, count, offset)
    total = world.store.number(f"{_ITEMS} SELECT count(*) {_MATCHING}", *values)
    return [_item(row) for row in rows], total


def processing(world: World) -> int:
    """Return how many items are being processed."""
    return world.store.number(f"{_ITEMS} SELECT count(*) FROM items WHERE status = 'processing'")


_item = partial(read_row, CatalogItem)
