"""Deliveries: what a target is told, how often that was tried, and what came of it."""

from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.webhooks import WebhookGivenUp
from emulator.world.store.journal import Row
from emulator.world.webhooks.targets import WebhookTarget
from emulator.world.world import World

# `waiting` is due at `due_at_ms`; `dropped` was never tried, because too many waited.
State = Literal["waiting", "delivered", "failed", "dropped"]

# After the first attempt, each in milliseconds after the one before.
RETRIES_MS = (5_000, 30_000, 120_000, 600_000, 3_600_000)
WAITING_MAX = 1_000
KEPT_MAX = 10_000
# Of one delivery that is replayed again and again.
ATTEMPTS_KEPT_MAX = 20
_OUTCOME_LENGTH_MAX = 500


class Delivery(Struct, frozen=True):
    """`status` is what the target answered last, None where it did not; `outcome` says more."""

    pk: int
    id: str
    target_pk: int
    kind: str
    body: str
    state: State
    attempts: int
    created_at_ms: int
    attempted_at_ms: int | None
    due_at_ms: int | None
    status: int | None
    outcome: str | None


class Attempt(Struct, frozen=True):
    """`number` counts from 1, over all replays; `signature` is empty where nothing was sent."""

    number: int
    at_ms: int
    status: int | None
    outcome: str
    signature: str


def put(world: World, target: WebhookTarget, delivery_id: str, kind: str, body: str) -> Delivery:
    """Write down what a target is to be told, at once. The oldest of too many are forgotten."""
    waiting = world.store.number("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'")
    is_too_many = waiting >= WAITING_MAX
    with world.change():
        row = world.store.insert(
            "webhook_deliveries",
            id=delivery_id,
            target_row=target.pk,
            kind=kind,
            body=body,
            state="dropped" if is_too_many else "waiting",
            created_at_ms=world.now_ms,
            due_at_ms=None if is_too_many else world.now_ms,
            outcome=f"more than {WAITING_MAX} deliveries waited" if is_too_many else None,
        )
        world.store.write("DELETE FROM webhook_deliveries WHERE row <= ?", row - KEPT_MAX)
    return find(world, delivery_id)


def next_for(world: World, target: WebhookTarget) -> Delivery | None:
    """What a target is to be told next, at once or later."""
    row = world.store.row(
        "SELECT * FROM webhook_deliveries WHERE target_row = ? AND state = 'waiting'"
        " ORDER BY due_at_ms, row LIMIT 1",
        target.pk,
    )
    return _delivery(row) if row else None


def page(world: World, count: int, before: int) -> list[Delivery]:
    """The newest deliveries whose key is under `before`, the newest first."""
    rows = world.store.rows(
        "SELECT * FROM webhook_deliveries WHERE row < ? ORDER BY row DESC LIMIT ?", before, count
    )
    return [_delivery(row) for row in rows]


def count(world: World) -> int:
    return world.store.number("SELECT count(*) FROM webhook_deliveries")


def find(world: World, delivery_id: str) -> Delivery:
    """Refuses (`not_found`) an unknown id."""
    row = world.store.row("SELECT * FROM webhook_deliveries WHERE id = ?", delivery_id)
    if row is None:
        raise Refused("not_found", "Webhook delivery not found")
    return _delivery(row)


def is_kept(world: World, delivery: Delivery) -> bool:
    """Whether it was not forgotten, with its target or its world, while it was tried."""
    return (
        world.store.row(
            "SELECT 1 FROM webhook_deliveries WHERE row = ? AND id = ?", delivery.pk, delivery.id
        )
        is not None
    )


def attempts(world: World, delivery: Delivery) -> list[Attempt]:
    """What came of each attempt, the first first; of many the last ones."""
    rows = world.store.rows(
        "SELECT number, at_ms, status, outcome, signature FROM webhook_attempts"
        " WHERE delivery_row = ? ORDER BY number",
        delivery.pk,
    )
    return [Attempt(**dict(row)) for row in rows]


def put_off(world: World, delivery: Delivery, due_at_ms: int) -> None:
    """Let a delivery that waits be due later; those that are due before go first."""
    with world.change():
        world.store.update("webhook_deliveries", delivery.pk, due_at_ms=due_at_ms)


def note(
    world: World,
    target: WebhookTarget,
    delivery: Delivery,
    status: int | None,
    outcome: str,
    signature: str = "",
) -> Delivery:
    """Write down what an attempt came to: done, due again later, or given up."""
    attempts = delivery.attempts + 1
    is_done = status is not None and 200 <= status < 300
    is_over = is_done or attempts > len(RETRIES_MS)
    state: State = "delivered" if is_done else "failed" if is_over else "waiting"
    due_at_ms = None if is_over else world.now_ms + RETRIES_MS[attempts - 1]
    with world.change():
        world.store.update(
            "webhook_deliveries",
            delivery.pk,
            state=state,
            attempts=attempts,
            attempted_at_ms=world.now_ms,
            due_at_ms=due_at_ms,
            status=status,
            outcome=outcome[:_OUTCOME_LENGTH_MAX],
        )
        _keep_attempt(world, delivery, status, outcome, signature)
        if state == "failed":
            world.emit(
                WebhookGivenUp(
                    at_ms=world.now_ms,
                    target_id=target.id,
                    delivery_id=delivery.id,
                    outcome=outcome[:_OUTCOME_LENGTH_MAX],
                )
            )
    return find(world, delivery.id)


def _keep_attempt(
    world: World, delivery: Delivery, status: int | None, outcome: str, signature: str
) -> None:
    number = 1 + world.store.number(
        "SELECT max(number) FROM webhook_attempts WHERE delivery_row = ?", delivery.pk
    )
    world.store.insert(
        "webhook_attempts",
        delivery_row=delivery.pk,
        number=number,
        at_ms=world.now_ms,
        status=status,
        outcome=outcome[:_OUTCOME_LENGTH_MAX],
        signature=signature,
    )
    world.store.write(
        "DELETE FROM webhook_attempts WHERE delivery_row = ? AND number <= ?",
        delivery.pk,
        number - ATTEMPTS_KEPT_MAX,
    )


def replay(world: World, delivery: Delivery) -> Delivery:
    """Try it again now, as if for the first time: the same body under the same id."""
    with world.change():
        world.store.update(
            "webhook_deliveries", delivery.pk, state="waiting", attempts=0, due_at_ms=world.now_ms
        )
    return find(world, delivery.id)


def _delivery(row: Row) -> Delivery:
    values = dict(row)
    return Delivery(pk=values.pop("row"), target_pk=values.pop("target_row"), **values)
