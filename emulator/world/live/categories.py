"""Categories of streams, in two or more levels. A category counts only its own streams.

Each function needs one query, and one of the viewers, however many categories it returns and
however many streams are live.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.live import CategoryMade
from emulator.world.audience import attendance
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row, Store
from emulator.world.store.write_counters import TableCache
from emulator.world.world import World

ADMINS = frozenset({"ADMIN", "SUPERUSER"})


class Category(Struct, frozen=True):
    """A category. `stream_count` counts its public streams of all time, `live_count` the live ones.

    `viewer_count` is the number of viewers of the live ones.
    """

    pk: int
    id: str
    name: str
    slug: str
    description: str | None
    icon_url: str | None
    parent_pk: int | None
    parent_id: str | None
    is_active: bool
    stream_count: int
    live_count: int
    viewer_count: int
    created_at_ms: int


class Branch(Struct, frozen=True):
    """A category and its subcategories."""

    category: Category
    children: "tuple[Branch, ...]"


_SELECT = """
SELECT categories.row, categories.id, categories.name, categories.slug, categories.description,
    categories.icon_url, categories.parent_row, parents.id, categories.is_active,
    categories.stream_count, categories.live_count, categories.created_at_ms
FROM categories LEFT JOIN categories AS parents ON parents.row = categories.parent_row
"""


def find(world: World, category_id: str) -> Category:
    """Return the category with this id. Refuses (`not_found`) an unknown one."""
    return _one(world, "WHERE categories.id = ?", category_id)


def by_slug(world: World, slug: str) -> Category:
    """Return the category with this slug or alias, also if it is inactive.

    Refuses (`not_found`) an unknown one.
    """
    categories = _many(world, "WHERE categories.slug = ?", slug) or _many(
        world,
        "WHERE categories.row = (SELECT category_row FROM category_aliases WHERE slug = ?)",
        slug,
    )
    if not categories:
        raise Refused("not_found", "Category not found")
    return categories[0]


def add_alias(world: World, slug: str, alias: str) -> None:
    """Let a category be found by another slug. A category whose own slug it is comes first."""
    category = by_slug(world, slug)
    with world.change():
        world.store.write("INSERT INTO category_aliases VALUES (?, ?)", alias, category.pk)


def by_pks(world: World, rows: Iterable[int]) -> dict[int, Category]:
    """Return categories by their primary keys."""
    categories = _many(
        world,
        "WHERE categories.row IN (SELECT value FROM json_each(?))",
        json.dumps(sorted(set(rows))),
    )
    return {category.pk: category for category in categories}


def top_level(world: World) -> list[Category]:
    """Return the active categories without a parent, in the order of their creation."""
    return _many(
        world,
        "WHERE categories.parent_row IS NULL AND categories.is_active = 1 ORDER BY categories.row",
    )


def children(world: World, parent_id: str) -> list[Category]:
    """Return the active categories directly below this one.

    Refuses (`not_found`) an unknown parent.
    """
    parent = find(world, parent_id)
    return _many(
        world,
        "WHERE categories.parent_row = ? AND categories.is_active = 1 ORDER BY categories.row",
        parent.pk,
    )


def active(world: World) -> list[Category]:
    """Return all active categories of any level, in the order of their creation."""
    return _many(world, "WHERE categories.is_active = 1 ORDER BY categories.row")


def tree(world: World) -> tuple[Branch, ...]:
    """Return the tree of active categories. All below an inactive one is left out."""
    by_parent: dict[int | None, list[Category]] = {}
    for category in active(world):
        by_parent.setdefault(category.parent_pk, []).append(category)

    def grow(parent_pk: int | None) -> tuple[Branch, ...]:
        return tuple(
            Branch(category, grow(category.pk)) for category in by_parent.get(parent_pk, ())
        )

    return grow(None)


def create(
    world: World,
    by: User,
    name: str,
    slug: str | None = None,
    *,
    description: str | None = None,
    icon_url: str | None = None,
    parent_id: str | None = None,
) -> Category:
    """Create a category as an administrator; without `slug` one is made from the name.

    Refuses (`forbidden`) all other users, (`invalid`) a name from which no slug can be made,
    (`not_found`) an unknown parent, (`conflict`) a slug that is taken.
    """
    if by.role not in ADMINS:
        raise Refused("forbidden", "Only administrators may create categories")
    slug = slug or slug_of(name)
    if not slug:
        raise Refused(
            "invalid", "The name has no letter or digit to make a slug from. Send a slug."
        )
    parent = find(world, parent_id) if parent_id is not None else None
    make(
        world,
        name,
        slug,
        description=description,
        icon_url=icon_url,
        parent_slug=parent.slug if parent else None,
    )
    return by_slug(world, slug)


def make(
    world: World,
    name: str,
    slug: str,
    *,
    description: str | None = None,
    icon_url: str | None = None,
    parent_slug: str | None = None,
    is_active: bool = True,
) -> None:
    """Create a category. Refuses (`conflict`) a slug that is taken."""
    if world.store.row("SELECT 1 FROM categories WHERE slug = ?", slug):
        raise Refused("conflict", "A category with this slug already exists")
    category_id = world.ids.uuid()
    with world.change():
        world.store.write(
            "INSERT INTO categories (id, name, slug, description, icon_url, parent_row, is_active,"
            " created_at_ms) VALUES"
            " (?, ?, ?, ?, ?, (SELECT row FROM categories WHERE slug = ?), ?, ?)",
            category_id,
            name,
            slug,
            description,
            icon_url,
            parent_slug,
            is_active,
            world.now_ms,
        )
        world.emit(CategoryMade(at_ms=world.now_ms, category_id=category_id, slug=slug))


def slug_of(name: str) -> str:
    """Make a slug: `Grüße, C++ & Co.` becomes `grusse-c-co`; empty without any letter or digit."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", bare).strip("-")


def _one(world: World, where: str, value: str) -> Category:
    categories = _many(world, where, value)
    if not categories:
        raise Refused("not_found", "Category not found")
    return categories[0]


def _many(world: World, where: str, *values: object) -> list[Category]:
    viewer_counts = viewers(world, attendance.present(world))
    return [
        _category(row, viewer_counts.get(row[0], 0))
        for row in world.store.rows(f"{_SELECT} {where}", *values)
    ]


class _CategoryCache(TableCache[str, int]):
    """Cached primary keys of the categories of public live streams, by stream id; 0 for none."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.watch("streams", "users", "follows", "categories"))


def viewers(world: World, present: Mapping[str, int]) -> Mapping[int, int]:
    """Return the number of viewers of each category's public live streams, by its primary key.

    `present` are the viewers by stream id (`attendance.present`).
    """
    category_pks = world.memory(_CategoryCache).values()
    unknown = [stream_id for stream_id in present if stream_id not in category_pks]
    if unknown:
        category_pks.update(dict.fromkeys(unknown, 0))
        rows = world.store.rows(
            "SELECT streams.id, category_row FROM json_each(?) CROSS JOIN streams"
            " ON streams.id = value WHERE visibility = 'public' AND status = 'live'"
            " AND category_row IS NOT NULL",
            json.dumps(unknown),
        )
        category_pks.update(map(tuple, rows))
    totals: dict[int, int] = {}
    for stream_id, count in present.items():
        category_pk = category_pks[stream_id]
        totals[category_pk] = totals.get(category_pk, 0) + count
    return totals


def _category(record: Row, viewer_count: int) -> Category:
    # All columns are unpacked at once: SQLite searches a column name among all names before it.
    (
        row,
        id_,
        name,
        slug,
        description,
        icon_url,
        parent_pk,
        parent_id,
        is_active,
        stream_count,
        live_count,
        created_at_ms,
    ) = record
    return Category(
        pk=row,
        id=id_,
        name=name,
        slug=slug,
        description=description,
        icon_url=icon_url,
        parent_pk=parent_pk,
        parent_id=parent_id,
        is_active=bool(is_active),
        stream_count=stream_count,
        live_count=live_count,
        viewer_count=viewer_count,
        created_at_ms=created_at_ms,
    )
