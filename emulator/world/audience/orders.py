"""Orders, as the store keeps them: what a crowd was told, from which it can be made again."""

import json
from typing import Any

from msgspec.structs import asdict

from emulator.world.audience.cohort import Cohort, CohortCommand, Mix
from emulator.world.audience.curves import Stay
from emulator.world.store.journal import Store


def keep(store: Store, stream_pk: int, at_ms: int, order: CohortCommand) -> None:
    """Write an order down, inside a change."""
    store.insert(
        "audience_orders",
        stream_row=stream_pk,
        at_ms=at_ms,
        body=json.dumps(_plain(order), sort_keys=True),
    )


def forget(store: Store, stream_pk: int) -> None:
    store.write("DELETE FROM audience_orders WHERE stream_row = ?", stream_pk)


def count(store: Store, stream_pk: int) -> int:
    return store.number("SELECT count(*) FROM audience_orders WHERE stream_row = ?", stream_pk)


def ordered(store: Store) -> dict[str, int]:
    """The streams that have orders: their ids and rows."""
    rows = store.rows(
        "SELECT streams.id, streams.row FROM streams WHERE EXISTS"
        " (SELECT 1 FROM audience_orders WHERE stream_row = streams.row)"
        " AND streams.status = 'live'"
    )
    return {row["id"]: row["row"] for row in rows}


def cohort_of(store: Store, stream_id: str, stream_pk: int) -> Cohort:
    """The crowd as it was when it was last written down.

    What was written down then is not in its tally any more: of who they are and how long they
    stayed that is less than of how many they are.
    """
    cohort = Cohort(stream_id)
    rows = store.rows(
        "SELECT at_ms, body FROM audience_orders WHERE stream_row = ? ORDER BY row", stream_pk
    )
    row = store.row(
        "SELECT traits_at_ms, folded_at_ms FROM audience WHERE stream_row = ?", stream_pk
    )
    for order in rows:
        cohort.fold(order["at_ms"])
        cohort.obey(_order(json.loads(order["body"])), order["at_ms"])
    if row is not None and row["traits_at_ms"] is not None:
        cohort.fold(row["traits_at_ms"])
        for plan in cohort.tell()[2]:
            plan.recorded = plan.arrived
        cohort.fold(row["folded_at_ms"])
        cohort.write_down()
    return cohort


def _plain(order: CohortCommand) -> dict[str, Any]:
    mix = {name: value for name, value in order.mix._asdict().items() if name != "signed_in"}
    return {
        **asdict(order),
        "stay": order.stay._asdict() if order.stay else None,
        "mix": {name: dict(shares) for name, shares in mix.items()}
        | {"signed_in": order.mix.signed_in},
    }


def _order(body: dict[str, Any]) -> CohortCommand:
    stay = body.pop("stay")
    mix = Mix(**body.pop("mix"))
    return CohortCommand(**body, stay=Stay(**stay) if stay else None, mix=mix)
