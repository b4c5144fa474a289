"""Categories: what a stream is about."""

from dataclasses import dataclass

from emulator.core.errors import Refused
from emulator.world.store.journal import Row
from emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Category:
    """`stream_count` is that of all streams ever, `live_count` of those live now."""

    row: int
    id: str
    name: str
    slug: str
    description: str | None
    icon_url: str | None
    parent_id: str | None
    is_active: bool
    stream_count: int
    live_count: int
    viewer_count: int
    created_at_ms: int


_SELECT = """
SELECT categories.*, parents.id AS parent_id,
    (SELECT count(*) FROM streams WHERE category_row = categories.row) AS stream_count,
    (SELECT count(*) FROM streams WHERE category_row = categories.row AND status = 'live')
        AS live_count
FROM categories LEFT JOIN categories AS parents ON parents.row = categories.parent_row
"""


def find(world: World, category_id: str) -> Category:
    """The category with this id. Refuses (`not_found`) an unknown one."""
    found = world.store.row(f"{_SELECT} WHERE categories.id = ?", category_id)
    if found is None:
        raise Refused("not_found", "Category not found")
    return _category(world, found)


def top_level(world: World) -> list[Category]:
    """The active categories without a parent, in the order of the seed."""
    rows = world.store.rows(
        f"{_SELECT} WHERE categories.parent_row IS NULL AND categories.is_active ORDER BY"
        " categories.row"
    )
    return [_category(world, row) for row in rows]


def children(world: World, parent_id: str) -> list[Category]:
    """The active categories right below this one. Refuses (`not_found`) an unknown parent."""
    parent = find(world, parent_id)
    rows = world.store.rows(
        f"{_SELECT} WHERE categories.parent_row = ? AND categories.is_active ORDER BY"
        " categories.row",
        parent.row,
    )
    return [_category(world, row) for row in rows]


def make(
    world: World,
    name: str,
    slug: str,
    *,
    description: str | None = None,
    parent_slug: str | None = None,
    is_active: bool = True,
) -> None:
    """Make a category. Refuses (`conflict`) a slug that is taken."""
    if world.store.row("SELECT 1 FROM categories WHERE slug = ?", slug):
        raise Refused("conflict", "A category with this slug already exists")
    with world.change():
        world.store.write(
            "INSERT INTO categories (id, name, slug, description, parent_row, is_active,"
            " created_at_ms) VALUES"
            " (?, ?, ?, ?, (SELECT row FROM categories WHERE slug = ?), ?, ?)",
            world.ids.uuid(),
            name,
            slug,
            description,
            parent_slug,
            is_active,
            world.now_ms,
        )


def _category(world: World, row: Row) -> Category:
    live = world.store.rows(
        "SELECT id FROM streams WHERE category_row = ? AND status = 'live'", row["row"]
    )
    return Category(
        row=row["row"],
        id=row["id"],
        name=row["name"],
        slug=row["slug"],
        description=row["description"],
        icon_url=row["icon_url"],
        parent_id=row["parent_id"],
        is_active=bool(row["is_active"]),
        stream_count=row["stream_count"],
        live_count=row["live_count"],
        viewer_count=sum(world.viewers.count(stream["id"]) for stream in live),
        created_at_ms=row["created_at_ms"],
    )
