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
    conditions, values = _conditions(viewer, wanted)
    where = " AND ".join(conditions)
    found = streams.select(
        world,
        f"WHERE streams.row IN (SELECT row FROM streams WHERE {where}"
        " ORDER BY created_at_ms DESC, row DESC LIMIT ? OFFSET ?)"
        " ORDER BY streams.created_at_ms DESC, streams.row DESC",
        *values,
        count,
        offset,
    )
    return found, world.store.number(f"SELECT count(*) FROM streams WHERE {where}", *values)


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


def _conditions(viewer: User | None, wanted: Wanted) -> tuple[list[str], list[object]]:
    others = "visibility = 'public'"
    if wanted.status == "default":
        others += " AND status = 'live'"
    conditions = [others]
    values: list[object] = []
    if viewer is not None:
        conditions = [f"(({others}) OR user_row = ?)"]
        values.append(viewer.row)
    if wanted.status not in {"all", "default"}:
        conditions.append("status = ?")
        values.append(wanted.status)
    if wanted.category_row is not None:
        conditions.append("category_row = ?")
        values.append(wanted.category_row)
    if wanted.user_row is not None:
        conditions.append("user_row = ?")
        values.append(wanted.user_row)
    return conditions, values
