"""The journal, read: what happened in this world, in order."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from msgspec import Struct

from emulator.world.store.journal import Store

# Of one search: some milliseconds.
SEARCHED_MAX = 20_000

_Entry = tuple[int, int, str, str]


class Journalled(Struct, frozen=True):
    """One event. `seq` counts from 1 without holes; `values` are the event's own."""

    seq: int
    at_ms: int
    kind: str
    values: dict[str, Any]


class JournalRow(NamedTuple):
    """A row of the journal: events of one kind and one instant, `first_seq` and following.

    `bodies` are their values as canonical JSON.
    """

    first_seq: int
    at_ms: int
    kind: str
    bodies: list[str]


def read(store: Store, *, after: int, count: int, kind: str | None = None) -> list[Journalled]:
    """The next `count` events behind `after`, those of one `kind` where it is given."""
    journalleds: list[Journalled] = []
    for entry in entries(store, after=after, kind=kind):
        for seq, body in enumerate(entry.bodies[: count - len(journalleds)], entry.first_seq):
            journalleds.append(Journalled(seq, entry.at_ms, entry.kind, json.loads(body)))
        if len(journalleds) >= count:
            break
    return journalleds


def search(
    store: Store,
    *,
    count: int,
    after: int = 0,
    before: int | None = None,
    kind: str | None = None,
    text: str = "",
    looks_max: int = SEARCHED_MAX,
) -> tuple[list[Journalled], int | None]:
    """Up to `count` events behind `after` and, with `before`, in front of it, the newest first.

    `text` is a part of an event's kind or of its values as JSON, upper and lower case alike. Also
    returned is from where the search goes on (the next `before`, or `after`), None where it is
    through: at most `looks_max` events are looked at.
    """
    walk = (
        _forwards(store, after, kind) if before is None else _backwards(store, after, before, kind)
    )
    needle, journalleds, last = text.lower(), list[Journalled](), after
    for number, (seq, at_ms, name, body) in enumerate(walk):
        if len(journalleds) == count or number == looks_max:
            return journalleds, last
        last = seq
        if not needle or needle in name.lower() or needle in body.lower():
            journalleds.append(Journalled(seq, at_ms, name, json.loads(body)))
    return journalleds, None


def _forwards(store: Store, after: int, kind: str | None) -> Iterator[_Entry]:
    for row in entries(store, after=after, kind=kind):
        for seq, body in enumerate(row.bodies, row.first_seq):
            yield seq, row.at_ms, row.kind, body


def _backwards(store: Store, after: int, before: int, kind: str | None) -> Iterator[_Entry]:
    of_kind, values = (" AND kind = ?", [kind]) if kind else ("", [])
    columns = "SELECT seq, at_ms, kind, body FROM events WHERE seq"
    # The first row from there on may be a burst that began before.
    rows = chain(
        store.rows(f"{columns} >= ?{of_kind} ORDER BY seq LIMIT 1", before, *values),
        store.each(f"{columns} < ? AND seq > ?{of_kind} ORDER BY seq DESC", before, after, *values),
    )
    for last_seq, at_ms, name, body in rows:
        for distance, single in enumerate(reversed(body.split("\n"))):
            if after < last_seq - distance < before:
                yield last_seq - distance, at_ms, name, single


def newest(store: Store, kind: str) -> Journalled | None:
    """The last event of a kind."""
    row = store.row(
        "SELECT seq, at_ms, body FROM events WHERE kind = ? ORDER BY seq DESC LIMIT 1", kind
    )
    if row is None:
        return None
    return Journalled(row["seq"], row["at_ms"], kind, json.loads(row["body"].split("\n")[-1]))


def entries(store: Store, *, after: int, kind: str | None = None) -> Iterator[JournalRow]:
    """The journal behind `after`, row by row, as far as it is asked for."""
    where, values = ("kind = ? AND seq > ?", [kind, after]) if kind else ("seq > ?", [after])
    for row in store.each(
        f"SELECT seq, at_ms, kind, body FROM events WHERE {where} ORDER BY seq", *values
    ):
        last_seq, at_ms, name, body = row
        # JSON has no line breaks of its own: within a text they are escaped.
        bodies = body.split("\n") if "\n" in body else [body]
        first_seq = last_seq - len(bodies) + 1
        yield JournalRow(
            max(first_seq, after + 1), at_ms, name, bodies[max(0, after + 1 - first_seq) :]
        )


def kinds(store: Store, *, after: int) -> list[str]:
    """The kinds of the events behind `after`, each once."""
    # By itself SQLite goes through all of the index of kinds.
    rows = store.rows("SELECT DISTINCT kind FROM events NOT INDEXED WHERE seq > ?", after)
    return sorted(row["kind"] for row in rows)


def last_seq(store: Store) -> int:
    """The number of the newest event, 0 before the first."""
    return store.number("SELECT max(seq) FROM events")
