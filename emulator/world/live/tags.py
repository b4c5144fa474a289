"""Tags: free words on a stream. An unknown tag is made when it is first used."""

import re
from dataclasses import dataclass

from emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Tag:
    id: str
    name: str
    slug: str
    usage_count: int


def of_stream(world: World, stream_row: int) -> tuple[Tag, ...]:
    """A stream's tags, in the order in which they were given."""
    rows = world.store.rows(
        "SELECT tags.* FROM stream_tags JOIN tags ON tags.row = stream_tags.tag_row"
        " WHERE stream_tags.stream_row = ? ORDER BY stream_tags.position",
        stream_row,
    )
    return tuple(Tag(row["id"], row["name"], row["slug"], row["usage_count"]) for row in rows)


def put(world: World, stream_row: int, names: list[str]) -> None:
    """Give a stream these tags instead of those it had. A name that stands twice counts once."""
    with world.change():
        world.store.write(
            "UPDATE tags SET usage_count = usage_count - 1 WHERE row IN"
            " (SELECT tag_row FROM stream_tags WHERE stream_row = ?)",
            stream_row,
        )
        world.store.write("DELETE FROM stream_tags WHERE stream_row = ?", stream_row)
        distinct: dict[str, str] = {}
        for name in filter(None, map(str.strip, names)):
            distinct.setdefault(name.casefold(), name)
        for position, name in enumerate(distinct.values()):
            world.store.write(
                "INSERT INTO stream_tags VALUES (?, ?, ?)", stream_row, position, _use(world, name)
            )


def _use(world: World, name: str) -> int:
    found = world.store.row("SELECT row FROM tags WHERE name = ?", name)
    row = int(found["row"]) if found else make(world, name)
    world.store.write("UPDATE tags SET usage_count = usage_count + 1 WHERE row = ?", row)
    return row


def make(world: World, name: str) -> int:
    """Make a tag that does not exist yet. Returns its row."""
    slug = re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "tag"
    with world.change():
        return world.store.write(
            "INSERT INTO tags (id, name, slug) VALUES (?, ?, ?)", world.ids.uuid(), name, slug
        )
