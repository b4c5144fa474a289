"""Lists of videos: pages as a viewer may see them."""

from emulator.world.people import accounts
from emulator.world.people.accounts import User
from emulator.world.store import pages
from emulator.world.store.pages import QueryPart, Total
from emulator.world.video import videos
from emulator.world.video.videos import Video
from emulator.world.world import World

# The videos that everybody finds. An unlisted video needs its id and is in no list.
_PUBLIC = "visibility = 'public' AND status = 'ready'"
PUBLIC = "(videos.visibility = 'public' AND videos.status = 'ready')"


def page(
    world: World,
    viewer: User | None,
    *,
    user_id: str | None = None,
    tag: str | None = None,
    offset: int,
    count: int,
) -> tuple[list[Video], int]:
    """Return one page of public ready videos and the viewer's own in any state, and their total.

    Newest first. Refuses (`not_found`) an unknown user.
    """
    conditions, values = list[str](), list[object]()
    if user_id is not None:
        conditions.append("user_row = ?")
        values.append(accounts.find(world, user_id).pk)
    if tag is not None:
        conditions.append("row IN (SELECT video_row FROM video_tags WHERE name = ?)")
        values.append(tag)
    totals: list[Total] | None = None if conditions else ["videos"]
    parts = [QueryPart(" AND ".join([_PUBLIC, *conditions]), values, totals)]
    if viewer is not None:
        own = [f"user_row = ? AND NOT ({_PUBLIC})", *conditions]
        parts.append(QueryPart(" AND ".join(own), [viewer.pk, *values]))
    rows, page_values = pages.newest("videos", parts, offset=offset, count=count)
    listed = videos.select(
        world,
        f"WHERE videos.row IN ({rows}) ORDER BY videos.created_at_ms DESC, videos.row DESC",
        *page_values,
    )
    return listed, pages.total(world.store, "videos", parts)


def of_user(
    world: World, user: User, *, status: str | None, order: str, offset: int, count: int
) -> tuple[list[Video], int]:
    """Return one page of a user's own videos, and their total. `order` is a key of `ORDERS`.

    `status` may also be `draft`: processing, and nothing was uploaded yet.
    """
    conditions, values = ["videos.user_row = ?"], list[object]([user.pk])
    if status == "draft":
        conditions.append("videos.status = 'processing' AND videos.form = ''")
    elif status == "processing":
        conditions.append("videos.status = 'processing' AND videos.form != ''")
    elif status is not None:
        conditions.append("videos.status = ?")
        values.append(status)
    where = " AND ".join(conditions)
    listed = videos.select(
        world,
        f"WHERE {where} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?",
        *values,
        count,
        offset,
    )
    total = world.store.number(f"SELECT count(*) FROM videos WHERE {where}", *values)
    return listed, total


ORDERS = {
    f"{name} {way}": f"{column} {way}, videos.row {way}"
    for name, column in (
        ("created", "videos.created_at_ms"),
        ("name", "videos.title COLLATE NOCASE"),
        ("duration", "videos.duration_ms"),
        ("size", "videos.file_bytes"),
    )
    for way in ("asc", "desc")
}
