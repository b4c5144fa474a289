"""The journal, read: what happened in this world, in order."""

import json
from typing import Any

from emulator.core.values import dataclass
from emulator.world.store.journal import Store


@dataclass(frozen=True, slots=True)
class Journalled:
    """One event. `seq` counts from 1 without holes; `values` are the event's own."""

    seq: int
    at_ms: int
    kind: str
    values: dict[str, Any]


def read(store: Store, *, after: int, count: int, kind: str | None = None) -> list[Journalled]:
    """The next `count` events behind `after`, those of one `kind` where it is given."""
    where, values = ("kind = ? AND seq > ?", [kind, after]) if kind else ("seq > ?", [after])
    rows = store.rows(f"SELECT * FROM events WHERE {where} ORDER BY seq LIMIT ?", *values, count)
    return [
        Journalled(row["seq"], row["at_ms"], row["kind"], json.loads(row["body"])) for row in rows
    ]


def last_seq(store: Store) -> int:
    return store.number("SELECT max(seq) FROM events")
