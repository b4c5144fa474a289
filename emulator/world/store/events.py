"""Read the journal: all events of a world in their order."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from msgspec import Struct

from emulator.world.store.journal import Store

# Events that one search looks at; that many take some milliseconds.
SEARCHED_MAX = 20_000

_Entry = tuple[int, int, str, str]


class JournalEvent(Struct, frozen=True):
    """One event of the journal. `seq` counts from 1 without gaps.

    `values` are the event's fields without `at_ms`.
    """

    seq: int
    at_ms: int
    kind: str
    values: dict[str, Any]


class JournalRow(NamedTuple):
    """A row of the journal: one or more events of one kind and time, numbered from `first_seq`.

    `bodies` are their values as canonical JSON.
    """

    first_seq: int
    at_ms: int
    kind: str
    bodies: list[str]


def read(store: Store, *, after: int, count: int, kind: str | None = None) -> list[JournalEvent]:
    """Return up to `count` events after number `after`; only those of `kind` if it is set."""
    events: list[JournalEvent] = []
    for entry in entries(store, after=after, kind=kind):
        for seq, body in enumerate(entry.bodies[: count - len(events)], entry.first_seq):
            events.append(JournalEvent(seq, entry.at_ms, entry.kind, json.loads(body)))
        if len(events) >= count:
            break
    return events


def search(
    store: Store,
    *,
    count: int,
    after: int = 0,
    before: int | None = None,
    kind: str | None = None,
    text: str = "",
    looks_max: int = SEARCHED_MAX,
) -> tuple[list[JournalEvent], int | None]:
    """Search events whose number is above `after` and, with `before`, below it.

    With `before` the newest come first, without it the oldest. `text` has to occur in an event's
    kind or in its values as JSON; upper and lower case are equal. At most `looks_max` events are
    looked at. Returns up to `count` events, and the number to go on from (as the next `before` or
    `after`), None if the search is complete.
    """
    walk = (
        _forwards(store, after, kind) if before is None else _backwards(store, after, before, kind)
    )
    needle, events, last = text.lower(), list[JournalEvent](), after
    for number, (seq, at_ms, name, body) in enumerate(walk):
        if len(events) == count or number == looks_max:
            return events, last
        last = seq
        if not needle or needle in name.lower() or needle in body.lower():
            events.append(JournalEvent(seq, at_ms, name, json.loads(body)))
    return events, None


def _forwards(store: Store, after: int, kind: str | None) -> Iterator[_Entry]:
    for row in entries(store, after=after, kind=kind):
        for seq, body in enumerate(row.bodies, row.first_seq):
            yield seq, row.at_ms, row.kind, body


def _backwards(store: Store, after: int, before: int, kind: str | None) -> Iterator[_Entry]:
    of_kind, values = (" AND kind = ?", [kind]) if kind else ("", [])
    columns = "SELECT seq, at_ms, kind, body FROM events WHERE seq"
    # The first row at or after `before` may be a burst that began earlier.
    rows = chain(
        store.rows(f"{columns} >= ?{of_kind} ORDER BY seq LIMIT 1", before, *values),
        store.each(f"{columns} < ? AND seq > ?{of_kind} ORDER BY seq DESC", before, after, *values),
    )
    for last_seq, at_ms, name, body in rows:
        for distance, single in enumerate(reversed(body.split("\n"))):
            if after < last_seq - distance < before:
                yield last_seq - distance, at_ms, name, single


def newest(store: Store, kind: str) -> JournalEvent | None:
    """Return the newest event of a kind, or None."""
    row = store.row(
        "SELECT seq, at_ms, body FROM events WHERE kind = ? ORDER BY seq DESC LIMIT 1", kind
    )
    if row is None:
        return None
    return JournalEvent(row["seq"], row["at_ms"], kind, json.loads(row["body"].split("\n")[-1]))


def entries(store: Store, *, after: int, kind: str | None = None) -> Iterator[JournalRow]:
    """Yield the journal's rows after number `after`, reading only as many as the caller takes."""
    where, values = ("kind = ? AND seq > ?", [kind, after]) if kind else ("seq > ?", [after])
    for row in store.each(
        f"SELECT seq, at_ms, kind, body FROM events WHERE {where} ORDER BY seq", *values
    ):
        last_seq, at_ms, name, body = row
        bodies = bodies_in(body)
        first_seq = last_seq - len(bodies) + 1
        yield JournalRow(
            max(first_seq, after + 1), at_ms, name, bodies[max(0, after + 1 - first_seq) :]
        )


def bodies_in(body: str) -> list[str]:
    """The values of each event in a row's body."""
    # Canonical JSON contains no line breaks: those within a text are escaped.
    return body.split("\n") if "\n" in body else [body]


def kinds(store: Store, *, after: int) -> list[str]:
    """Return the kinds of all events after number `after`, sorted, each once."""
    # Without NOT INDEXED SQLite walks the whole index of kinds.
    rows = store.rows("SELECT DISTINCT kind FROM events NOT INDEXED WHERE seq > ?", after)
    return sorted(row["kind"] for row in rows)


def last_seq(store: Store) -> int:
    """The number of the newest event, 0 before the first."""
    return store.number("SELECT max(seq) FROM events")
