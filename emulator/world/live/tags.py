"""Tags: free words on a stream. An unknown tag is created when it is first used.

The database itself counts how many streams use a tag.
"""

import json
import re
from collections.abc import Iterable

from msgspec import Struct

from emulator.world.discovery import words
from emulator.world.store.journal import Row
from emulator.world.world import World

# The list of all tags has no pages (contract), so it needs a limit.
SHOWN_MAX = 1_000


class Tag(Struct, frozen=True):
    id: str
    name: str
    slug: str
    usage_count: int


_COLUMNS = "tags.id, tags.name, tags.slug, tags.usage_count"


def of_stream(world: World, stream_pk: int) -> tuple[Tag, ...]:
    """Return a stream's tags in their order."""
    return of_streams(world, [stream_pk])[stream_pk]


def of_streams(world: World, stream_pks: Iterable[int]) -> dict[int, tuple[Tag, ...]]:
    """Return the tags of many streams, by the streams' primary keys."""
    by_stream: dict[int, list[Tag]] = {row: [] for row in stream_pks}
    rows = world.store.rows(
        f"SELECT stream_tags.stream_row, {_COLUMNS} FROM stream_tags"
        " JOIN tags ON tags.row = stream_tags.tag_row"
        " WHERE stream_tags.stream_row IN (SELECT value FROM json_each(?))"
        " ORDER BY stream_tags.stream_row, stream_tags.position",
        json.dumps(list(by_stream)),
    )
    for stream_pk, *values in rows:
        by_stream[stream_pk].append(Tag(*values))
    return {stream_pk: tuple(tags) for stream_pk, tags in by_stream.items()}


def every(world: World) -> list[Tag]:
    """Return the first `SHOWN_MAX` tags by name."""
    return _tags(world.store.rows(f"SELECT {_COLUMNS} FROM tags ORDER BY name LIMIT ?", SHOWN_MAX))


def popular(world: World, count: int) -> list[Tag]:
    """Return the most used tags; equally used ones are sorted by name."""
    return _tags(
        world.store.rows(
            f"SELECT {_COLUMNS} FROM tags ORDER BY usage_count DESC, name LIMIT ?", count
        )
    )


def suggest(world: World, typed: str, count: int) -> list[str]:
    """Return tag names in which a word begins with `typed`, the most used first."""
    expression = words.expression(typed)
    if expression is None:
        return []
    rows = world.store.rows(
        "SELECT tags.name FROM tag_search CROSS JOIN tags ON tags.row = tag_search.rowid"
        " WHERE tag_search MATCH ? ORDER BY tags.usage_count DESC, tags.name LIMIT ?",
        expression,
        count,
    )
    return [row["name"] for row in rows]


def put(world: World, stream_pk: int, names: list[str]) -> None:
    """Replace a stream's tags. A name that occurs twice counts once."""
    with world.change():
        world.store.write("DELETE FROM stream_tags WHERE stream_row = ?", stream_pk)
        distinct: dict[str, str] = {}
        for name in filter(None, map(str.strip, names)):
            distinct.setdefault(name.casefold(), name)
        for position, name in enumerate(distinct.values()):
            world.store.write(
                "INSERT INTO stream_tags VALUES (?, ?, ?)", stream_pk, position, _use(world, name)
            )


def _use(world: World, name: str) -> int:
    row = world.store.row("SELECT row FROM tags WHERE name = ?", name)
    return int(row["row"]) if row else make(world, name)


def make(world: World, name: str) -> int:
    """Create a tag that does not exist yet. Returns its primary key."""
    slug = re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "tag"
    with world.change():
        return world.store.insert("tags", id=world.ids.uuid(), name=name, slug=slug)


def _tags(rows: list[Row]) -> list[Tag]:
    return [Tag(*row) for row in rows]
