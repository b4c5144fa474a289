"""Deliveries: events sent to webhook targets, with their attempts and results."""

from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.webhooks import WebhookGivenUp
from emulator.world.store.journal import Row
from emulator.world.webhooks.targets import WebhookTarget
from emulator.world.world import World

# `waiting`: due at `due_at_ms`; `dropped`: never tried, because too many were waiting.
State = Literal["waiting", "delivered", "failed", "dropped"]

# The delay (ms) of each further attempt after the one before.
RETRIES_MS = (5_000, 30_000, 120_000, 600_000, 3_600_000)
WAITING_MAX = 1_000
KEPT_MAX = 10_000
# The most attempts stored for one delivery, which may be replayed any number of times.
ATTEMPTS_KEPT_MAX = 20
_OUTCOME_LENGTH_MAX = 500


class Delivery(Struct, frozen=True):
    """One delivery. `status` is the target's last HTTP status, None without an answer.

    `outcome` is a description of the last result.
    """

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
    """One attempt.

    `number` counts from 1 over all replays; `signature` is empty if nothing was sent.
    """

    number: int
    at_ms: int
    status: int | None
    outcome: str
    signature: str


def put(world: World, target: WebhookTarget, delivery_id: str, kind: str, body: str) -> Delivery:
    """Queue a delivery that is due now. If too many wait, it is dropped; the oldest are deleted."""
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
    """Return a target's next delivery, due now or later; None if none waits."""
    row = world.store.row(
        "SELECT * FROM webhook_deliveries WHERE target_row = ? AND state = 'waiting'"
        " ORDER BY due_at_ms, row LIMIT 1",
        target.pk,
    )
    return _delivery(row) if row else None


def page(world: World, count: int, before: int) -> list[Delivery]:
    """Return the newest deliveries with a primary key below `before`, newest first."""
    rows = world.store.rows(
        "SELECT * FROM webhook_deliveries WHERE row < ? ORDER BY row DESC LIMIT ?", before, count
    )
    return [_delivery(row) for row in rows]


def count(world: World) -> int:
    return world.store.number("SELECT count(*) FROM webhook_deliveries")


def find(world: World, delivery_id: str) -> Delivery:
    """Return a delivery. Refuses (`not_found`) an unknown id."""
    row = world.store.row("SELECT * FROM webhook_deliveries WHERE id = ?", delivery_id)
    if row is None:
        raise Refused("not_found", "Webhook delivery not found")
    return _delivery(row)


def is_kept(world: World, delivery: Delivery) -> bool:
    """Whether a delivery still exists; its target or world may have gone during the attempt."""
    return (
        world.store.row(
            "SELECT 1 FROM webhook_deliveries WHERE row = ? AND id = ?", delivery.pk, delivery.id
        )
        is not None
    )


def attempts(world: World, delivery: Delivery) -> list[Attempt]:
    """Return the stored attempts of a delivery, oldest first."""
    rows = world.store.rows(
        "SELECT number, at_ms, status, outcome, signature FROM webhook_attempts"
        " WHERE delivery_row = ? ORDER BY number",
        delivery.pk,
    )
    return [Attempt(**dict(row)) for row in rows]


def put_off(world: World, delivery: Delivery, due_at_ms: int) -> None:
    """Postpone a waiting delivery; those due earlier go first."""
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
    """Record the result of an attempt: delivered, due again later, or given up."""
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
    """Send a delivery again now, as if for the first time: the same body with the same id."""
    with world.change():
        world.store.update(
            "webhook_deliveries", delivery.pk, state="waiting", attempts=0, due_at_ms=world.now_ms
        )
    return find(world, delivery.id)


def _delivery(row: Row) -> Delivery:
    values = dict(row)
    return Delivery(pk=values.pop("row"), target_pk=values.pop("target_row"), **values)
