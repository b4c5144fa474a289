"""The stored commands to cohorts, from which a cohort can be rebuilt."""

import json
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from emulator.world.store.journal import Store

# Imported with the first cohort: most worlds have none.
if TYPE_CHECKING:
    from emulator.world.audience.cohort import Cohort, CohortCommand


def keep(store: Store, stream_pk: int, at_ms: int, command: "CohortCommand") -> None:
    """Store a command, inside a change."""
    store.insert(
        "audience_orders",
        stream_row=stream_pk,
        at_ms=at_ms,
        body=json.dumps(_plain(command), sort_keys=True),
    )


def forget(store: Store, stream_pk: int) -> None:
    store.write("DELETE FROM audience_orders WHERE stream_row = ?", stream_pk)


def count(store: Store, stream_pk: int) -> int:
    return store.number("SELECT count(*) FROM audience_orders WHERE stream_row = ?", stream_pk)


def ordered(store: Store) -> dict[str, int]:
    """Return the live streams that have commands: primary keys by id."""
    rows = store.rows(
        "SELECT streams.id, streams.row FROM streams WHERE EXISTS"
        " (SELECT 1 FROM audience_orders WHERE stream_row = streams.row)"
        " AND streams.status = 'live'"
    )
    return {row["id"]: row["row"] for row in rows}


def cohort_of(store: Store, stream_id: str, stream_pk: int) -> "Cohort":
    """Rebuild a cohort from its commands, as it was when it was last recorded.

    Recorded changes are removed from its tally. Traits and stays are recorded less often than
    counts, so more of them remain in the tally.
    """
    from emulator.world.audience.cohort import Cohort

    cohort = Cohort(stream_id)
    rows = store.rows(
        "SELECT at_ms, body FROM audience_orders WHERE stream_row = ? ORDER BY row", stream_pk
    )
    written = store.row(
        "SELECT traits_at_ms, folded_at_ms FROM audience WHERE stream_row = ?", stream_pk
    )
    for row in rows:
        cohort.fold(row["at_ms"])
        cohort.apply(_command(json.loads(row["body"])), row["at_ms"])
    if written is not None and written["traits_at_ms"] is not None:
        cohort.fold(written["traits_at_ms"])
        for plan in cohort.take_traits()[2]:
            plan.recorded = plan.arrived
        cohort.fold(written["folded_at_ms"])
        cohort.take_counts()
    return cohort


def _plain(command: "CohortCommand") -> dict[str, Any]:
    mix = {name: value for name, value in command.mix._asdict().items() if name != "signed_in"}
    return {
        **asdict(command),
        "stay": command.stay._asdict() if command.stay else None,
        "mix": {name: dict(shares) for name, shares in mix.items()}
        | {"signed_in": command.mix.signed_in},
    }


def _command(body: dict[str, Any]) -> "CohortCommand":
    from emulator.world.audience.cohort import CohortCommand, Mix
    from emulator.world.audience.curves import Stay

    stay = body.pop("stay")
    mix = Mix(**body.pop("mix"))
    return CohortCommand(**body, stay=Stay(**stay) if stay else None, mix=mix)
