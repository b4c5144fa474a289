"""`/_emulator/webhooks`: the targets of this world's events, and their deliveries."""

from typing import Any, TypedDict

from pydantic import Field

from emulator.core.hosts import RECEIVER_LENGTH_MAX
from emulator.shapes.times import iso, iso_or_none
from emulator.web.api.models import CURSOR_MAX, Request
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.webhooks.webhooks import Webhooks, headers_of
from emulator.world.webhooks import deliveries, targets
from emulator.world.webhooks.deliveries import Attempt, Delivery
from emulator.world.webhooks.targets import KINDS, WebhookTarget


class WebhookCreate(Request):
    url: str = Field(min_length=1, max_length=RECEIVER_LENGTH_MAX)
    events: list[str] = Field(default_factory=list, max_length=len(KINDS))
    secret: str = Field("", max_length=200)


class DeliveryQuery(Request):
    """`before` is the `next_cursor` of the previous page."""

    limit: int = Field(50, ge=1, le=500)
    before: int = Field(CURSOR_MAX, ge=1, le=CURSOR_MAX)


class DeliveryCreate(Request):
    """`event` is sent now, to one webhook or to all that accept it.

    `body` has the fields of the event; without it they are taken from the newest event of this
    name. Its id, type and time are new.
    """

    event: str = Field(min_length=1, max_length=50)
    webhook_id: str | None = Field(None, max_length=100)
    body: dict[str, Any] | None = None


class WebhookShape(TypedDict):
    """Empty `events` mean all events."""

    id: str
    url: str
    events: list[str]
    secret: str
    created_at: str


class WebhookList(TypedDict):
    webhooks: list[WebhookShape]
    total: int
    events: list[str]


class DeliveryShape(TypedDict):
    """`status` is the target's last HTTP status; `outcome` is its answer, or why there is none."""

    id: str
    webhook_id: str | None
    event: str
    state: str
    attempts: int
    status: int | None
    outcome: str | None
    created_at: str
    attempted_at: str | None
    due_at: str | None
    body: str


class AttemptShape(TypedDict):
    """`number` counts over all replays. `headers` are null if nothing was sent."""

    number: int
    at: str
    status: int | None
    outcome: str
    headers: dict[str, str] | None


class DeliveryDetail(DeliveryShape):
    """`url` is that of its target; `attempt_log` lists the attempts, at most the last twenty."""

    url: str | None
    attempt_log: list[AttemptShape]


class DeliveriesSent(TypedDict):
    deliveries: list[DeliveryShape]
    total: int


class DeliveryList(TypedDict):
    deliveries: list[DeliveryShape]
    total: int
    next_cursor: int | None


@endpoint("GET", "/webhooks")
def list_webhooks(call: Call) -> WebhookList:
    """List this world's webhooks in the order of their creation, and all kinds of events."""
    webhook_targets = targets.of(call.platform.world)
    return {
        "webhooks": [_target(webhook_target) for webhook_target in webhook_targets],
        "total": len(webhook_targets),
        "events": list(KINDS),
    }


@endpoint("POST", "/webhooks", status=201, refuses=("conflict", "invalid"))
def add_webhook(call: Call, body: WebhookCreate) -> WebhookShape:
    """Send some or all events to an address from now on. Without a secret one is made."""
    platform = call.platform
    platform.service(Webhooks).check(body.url)
    events = tuple(dict.fromkeys(body.events))
    return _target(targets.add(platform.world, body.url, events, body.secret))


@endpoint("GET", "/webhooks/{webhook_id}")
def get_webhook(call: Call, webhook_id: str) -> WebhookShape:
    """Read one webhook, with its secret."""
    return _target(targets.find(call.platform.world, webhook_id))


@endpoint("DELETE", "/webhooks/{webhook_id}")
def remove_webhook(call: Call, webhook_id: str) -> None:
    """Remove a webhook: send no more events to its address."""
    world = call.platform.world
    targets.remove(world, targets.find(world, webhook_id))


@endpoint("GET", "/webhooks/deliveries")
def list_webhook_deliveries(call: Call, query: DeliveryQuery) -> DeliveryList:
    """List deliveries, newest first."""
    world = call.platform.world
    listed = deliveries.page(world, query.limit, query.before)
    ids = {target.pk: target.id for target in targets.of(world)}
    return {
        "deliveries": [_delivery(delivery, ids) for delivery in listed],
        "total": deliveries.count(world),
        "next_cursor": listed[-1].pk if len(listed) == query.limit else None,
    }


@endpoint("GET", "/webhooks/deliveries/{delivery_id}")
def get_webhook_delivery(call: Call, delivery_id: str) -> DeliveryDetail:
    """Read one delivery, with the headers and the answer of each attempt."""
    world = call.platform.world
    delivery = deliveries.find(world, delivery_id)
    target = targets.by_pk(world, delivery.target_pk)
    return {
        **_delivery(delivery, {target.pk: target.id} if target else {}),
        "url": target.url if target else None,
        "attempt_log": [
            _attempt(delivery, attempt) for attempt in deliveries.attempts(world, delivery)
        ],
    }


@endpoint("POST", "/webhooks/deliveries", status=201, refuses=("conflict", "not_found", "invalid"))
def send_webhook(call: Call, body: DeliveryCreate) -> DeliveriesSent:
    """Send a made-up event now, signed like any other."""
    platform = call.platform
    world = platform.world
    target = targets.find(world, body.webhook_id) if body.webhook_id else None
    sent = platform.service(Webhooks).send(body.event, body.body, target)
    ids = {webhook_target.pk: webhook_target.id for webhook_target in targets.of(world)}
    return {"deliveries": [_delivery(delivery, ids) for delivery in sent], "total": len(sent)}


@endpoint("POST", "/webhooks/deliveries/{delivery_id}/replay")
def replay_webhook_delivery(call: Call, delivery_id: str) -> DeliveryShape:
    """Send a delivery again: the same body with the same id, with a new signature."""
    world = call.platform.world
    delivery = deliveries.replay(world, deliveries.find(world, delivery_id))
    call.platform.service(Webhooks).go_on()
    return _delivery(delivery, {target.pk: target.id for target in targets.of(world)})


def _target(target: WebhookTarget) -> WebhookShape:
    return {
        "id": target.id,
        "url": target.url,
        "events": list(target.kinds),
        "secret": target.secret,
        "created_at": iso(target.created_at_ms),
    }


def _attempt(delivery: Delivery, attempt: Attempt) -> AttemptShape:
    return {
        "number": attempt.number,
        "at": iso(attempt.at_ms),
        "status": attempt.status,
        "outcome": attempt.outcome,
        "headers": headers_of(delivery, attempt.signature) if attempt.signature else None,
    }


def _delivery(delivery: Delivery, ids: dict[int, str]) -> DeliveryShape:
    return {
        "id": delivery.id,
        "webhook_id": ids.get(delivery.target_pk),
        "event": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status": delivery.status,
        "outcome": delivery.outcome,
        "created_at": iso(delivery.created_at_ms),
        "attempted_at": iso_or_none(delivery.attempted_at_ms),
        "due_at": iso_or_none(delivery.due_at_ms),
        "body": delivery.body,
    }
