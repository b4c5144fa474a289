"""Lists of streams: pages of them, as somebody may see them, the newest first.

A public stream shows to everybody, an unlisted or private one to nobody but its owner.
"""

import json
from collections.abc import Iterable
from typing import Literal

from emulator.core.values import dataclass
from emulator.world.live import streams
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which streams a list shows. `default`: others' live ones, and a viewer's own in any state."""

    status: Status | Literal["all", "default"] = "all"
    category_row: int | None = None
    user_row: int | None = None


def page(
    world: World, viewer: User | None, wanted: Wanted, *, offset: int, count: int
) -> tuple[list[Stream], int]:
    """One page of the streams that `viewer` may see, and how many there are.

    A viewer's own streams show always, unlisted and private ones too.
    """
    parts = _parts(viewer, wanted)
    # Each part's first ones in the order of an index; of those, whose turn it is.
    first = " UNION ALL ".join(
        "SELECT * FROM (SELECT row, created_at_ms FROM streams"
        f" WHERE {where} ORDER BY created_at_ms DESC, row DESC LIMIT ?)"
        for where, _ in parts
    )
    values = [value for _, values in parts for value in (*values, offset + count)]
    found = streams.select(
        world,
        f"WHERE streams.row IN (SELECT row FROM ({first})"
        " ORDER BY created_at_ms DESC, row DESC LIMIT ? OFFSET ?)"
        " ORDER BY streams.created_at_ms DESC, streams.row DESC",
        *values,
        count,
        offset,
    )
    return found, sum(
        world.store.number(f"SELECT count(*) FROM streams WHERE {where}", *values)
        for where, values in parts
    )


def by_rows(world: World, rows: Iterable[int]) -> list[Stream]:
    """These streams, in this order."""
    wanted = list(rows)
    found = streams.select(
        world,
        "WHERE streams.row IN (SELECT value FROM json_each(?))",
        json.dumps(wanted),
    )
    by_row = {stream.row: stream for stream in found}
    return [by_row[row] for row in wanted]


def _parts(viewer: User | None, wanted: Wanted) -> list[tuple[str, list[object]]]:
    """What everybody sees, and what a viewer alone does of their own: conditions with values."""
    conditions: list[str] = []
    values: list[object] = []
    if wanted.status not in {"all", "default"}:
        conditions.append("status = ?")
        values.append(wanted.status)
    if wanted.category_row is not None:
        conditions.append("category_row = ?")
        values.append(wanted.category_row)
    if wanted.user_row is not None:
        conditions.append("user_row = ?")
        values.append(wanted.user_row)
    others = "visibility = 'public'"
    if wanted.status == "default":
        others += " AND status = 'live'"
    parts = [(" AND ".join([others, *conditions]), values)]
    if viewer is not None:
        own = [f"user_row = ? AND NOT ({others})", *conditions]
        parts.append((" AND ".join(own), [viewer.row, *values]))
    return parts
