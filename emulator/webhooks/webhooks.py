"""Webhooks: sends one world's events to its targets: signed, posted, retried.

Each target gets its deliveries one after another, so that a slow one does not delay the others.
Deliveries are kept in the world's facts and are due by its clock; timeouts count by the machine's.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property, partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emulator.core.bus import Handlers
from emulator.core.clock import Timer
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.events.webhooks import WebhookTargetAdded, WebhookTargetRemoved
from emulator.core.hosts import Allowed
from emulator.core.service import Service
from emulator.shapes.addresses import Addresses
from emulator.webhooks.config import WebhookConfig
from emulator.webhooks.posting import WebhookResponse, post
from emulator.world.faults.webhook import WebhookDisorder, WebhookFail, WebhookRepeat, WebhookSlow
from emulator.world.webhooks import deliveries, targets
from emulator.world.webhooks.deliveries import Delivery
from emulator.world.webhooks.targets import WebhookTarget
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.shapes.webhooks import WebhookEncoder

# An event sent by hand is made of these fields.
_OWN_FIELDS = ("id", "type", "created_at", "ts", "world")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Webhooks(Service):
    """For the event loop's thread. Costs nothing while there are no targets."""

    def __init__(
        self,
        world: World,
        addresses: Callable[[], Addresses],
        tasks: asyncio.TaskGroup,
        config: WebhookConfig,
    ) -> None:
        self._world = world
        self._addresses = addresses
        self._tasks = tasks
        self._config = config
        self._allowed = Allowed(config.hosts)
        self._targets: list[WebhookTarget] | None = None
        self._fresh: list[tuple[str, str]] = []
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._bell: Timer | None = None

    def start(self) -> None:
        """Add the targets of the settings, and begin with the deliveries that are not sent yet."""
        if self._config.url:
            targets.ensure(self._world, self._config.url)
        self._targets = None
        self.go_on()

    def check(self, url: str) -> None:
        """Refuse (`invalid`) a URL with an address that may not be called."""
        host = urlsplit(url).hostname or ""
        with suppress(ValueError):
            if not self._allowed.allows(host, ip_address(host)):
                raise Refused(
                    "invalid", f"{host} may not be called. Allow it with --webhook-hosts {host}"
                )

    async def stop(self, _: str) -> None:
        """Stop sending. Deliveries that are not sent yet stay in the facts, for the next start."""
        self._fresh.clear()
        if self._bell is not None:
            self._bell.cancel()
        running = list(self._busy.values())
        self._busy.clear()
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def handlers(self) -> Handlers:
        return {
            WebhookTargetAdded: self._forget_targets,
            WebhookTargetRemoved: self._forget_targets,
            **dict.fromkeys(targets.EVENT_KINDS, self._on_event),
            Burst: self._on_burst,
        }

    def _forget_targets(self, _: WebhookTargetAdded | WebhookTargetRemoved) -> None:
        self._targets = None

    def _on_event(self, event: Event) -> None:
        kind = targets.EVENT_KINDS[type(event)]
        if not any(target.wants(kind) for target in self._all()):
            return
        body = {"id": self._world.ids.uuid(), "type": kind, **self._encoder.body(event, kind)}
        if not self._fresh:
            asyncio.get_running_loop().call_soon(self._write)
        self._fresh.append((kind, _encode(body)))

    def _on_burst(self, burst: Burst) -> None:
        if burst.kind in targets.EVENT_KINDS and self._all():
            for event in burst:
                self._on_event(event)

    def send(
        self, kind: str, fields: Mapping[str, Any] | None, target: WebhookTarget | None
    ) -> list[Delivery]:
        """Send an event by hand, to `target` or to all targets that subscribed to its kind.

        Without `fields` it repeats the newest event of its kind. Refuses (`invalid`) an unknown
        kind, or one without an event so far; (`conflict`) a kind that no target subscribed to.
        """
        world = self._world
        targets.check_kind(kind)
        wanting = (
            [target]
            if target
            else [webhook_target for webhook_target in self._all() if webhook_target.wants(kind)]
        )
        if not wanting:
            raise Refused("conflict", f"No webhook wants {kind}. Add one that does.")
        said = self._encoder.example(kind) if fields is None else fields
        if said is None:
            raise Refused("invalid", f"There was no {kind} in this world yet. Give a body.")
        at_ms = world.now_ms
        body = _encode(
            {
                "id": world.ids.uuid(),
                "type": kind,
                **self._encoder.frame(at_ms),
                **{name: value for name, value in said.items() if name not in _OWN_FIELDS},
            }
        )
        with world.change():
            sent = [
                deliveries.put(world, webhook_target, world.ids.uuid(), kind, body)
                for webhook_target in wanting
            ]
        self.go_on()
        return sent

    @cached_property
    def _encoder(self) -> "WebhookEncoder":
        """The encoder of event bodies, imported and made when there is something to send."""
        from emulator.shapes.webhooks import WebhookEncoder

        return WebhookEncoder(self._world, self._addresses)

    def _all(self) -> list[WebhookTarget]:
        if self._targets is None:
            self._targets = targets.of(self._world)
        return self._targets

    def _write(self) -> None:
        """Write the deliveries of one turn of the loop to the facts, in one change."""
        fresh, self._fresh = self._fresh, []
        world = self._world
        if not fresh:
            return

        def write() -> None:
            with world.change():
                for kind, body in fresh:
                    for target in self._all():
                        if target.wants(kind):
                            deliveries.put(world, target, world.ids.uuid(), kind, body)
            self.go_on()

        world.insist(write)

    def go_on(self) -> None:
        """Start the deliveries that are due, and set a timer for the next one."""
        if self._bell is not None:
            self._bell.cancel()
            self._bell = None
        if self._world.store.is_closed:
            return
        now_ms = self._world.now_ms
        later: list[int] = []
        for target in self._all():
            if target.pk in self._busy:
                continue
            delivery = deliveries.next_for(self._world, target)
            if delivery is None or delivery.due_at_ms is None:
                continue
            if delivery.due_at_ms > now_ms:
                later.append(delivery.due_at_ms)
            else:
                task = self._tasks.create_task(self._attempt(target, delivery))
                self._busy[target.pk] = task
        if later:
            self._bell = self._world.clock.call_at(min(later), self.go_on)

    async def _attempt(self, target: WebhookTarget, delivery: Delivery) -> None:
        body = delivery.body.encode()
        if self._world.faults.are_on:
            if self._is_put_off(target, delivery):
                return
            await self._wait_for_faults(target, delivery)
        with self._world.clock.working():
            signature = ""
            answer = self._failed(target, delivery)
            if answer is None:
                config = self._config
                signature = sign(target.secret, self._world.now_ms // 1000, body)
                headers = headers_of(delivery, signature)
                send = partial(post, target.url, headers, body, self._allowed, config.timeout_ms)
                answer = await send()
                if self._is_repeated(target, delivery):
                    await send()
            self._world.insist(partial(self._note, target, delivery, answer, signature))

    def _note(
        self, target: WebhookTarget, delivery: Delivery, answer: WebhookResponse, signature: str
    ) -> None:
        """Record an attempt's result. Only then is the next delivery sent to its target."""
        world = self._world
        if deliveries.is_kept(world, delivery):
            deliveries.note(world, target, delivery, answer.status, answer.outcome, signature)
        self._busy.pop(target.pk, None)
        self.go_on()

    async def _wait_for_faults(self, target: WebhookTarget, delivery: Delivery) -> None:
        """Wait, by the world's clock, if a fault delays this delivery."""
        slow = self._world.faults.strike(
            WebhookSlow, _subject(delivery), url=target.url, event=delivery.kind
        )
        if slow is not None:
            is_due = asyncio.Event()
            due_ms = self._world.now_ms + slow.fault.delay_ms
            self._world.clock.call_at(due_ms, is_due.set)
            await is_due.wait()

    def _is_put_off(self, target: WebhookTarget, delivery: Delivery) -> bool:
        """Whether a fault puts the delivery behind the next one. A fault does so once for each."""
        world = self._world
        world.faults.observe(WebhookDisorder, url=target.url, event=delivery.kind)
        facts = {"url": target.url, "event": delivery.kind}
        for active in world.faults.on(WebhookDisorder):
            if delivery.id in active.remembered or not active.fault.meets(facts):
                continue
            active.remembered[delivery.id] = None
            if not world.faults.draws(active):
                continue
            world.faults.note(active, _subject(delivery))
            due_ms = world.now_ms + active.fault.delay_ms
            world.insist(partial(self._put_off, target, delivery, due_ms))
            return True
        return False

    def _put_off(self, target: WebhookTarget, delivery: Delivery, due_ms: int) -> None:
        if deliveries.is_kept(self._world, delivery):
            deliveries.put_off(self._world, delivery, due_ms)
        self._busy.pop(target.pk, None)
        self.go_on()

    def _is_repeated(self, target: WebhookTarget, delivery: Delivery) -> bool:
        faults, subject = self._world.faults, _subject(delivery)
        facts = {"url": target.url, "event": delivery.kind}
        return faults.are_on and faults.strike(WebhookRepeat, subject, **facts) is not None

    def _failed(self, target: WebhookTarget, delivery: Delivery) -> WebhookResponse | None:
        """The answer of a fault in place of the target's; None without one."""
        if not self._world.faults.are_on:
            return None
        struck = self._world.faults.strike(
            WebhookFail, _subject(delivery), url=target.url, event=delivery.kind
        )
        if struck is None:
            return None
        return WebhookResponse(struck.fault.status, f"A fault ({struck.label}): it was not sent.")


def _subject(delivery: Delivery) -> str:
    return f"a delivery of {delivery.kind}"


def headers_of(delivery: Delivery, signature: str) -> dict[str, str]:
    """The headers that a delivery adds to those of HTTP."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "live-emulator",
        "Webhook-Id": delivery.id,
        "Webhook-Event": delivery.kind,
        "Webhook-Signature": signature,
    }


def sign(secret: str, at_seconds: int, body: bytes) -> str:
    """The signature header's value: HMAC-SHA256 over the time, a dot, and the body as it is sent.

    The CDN signs its webhooks in this way. The time is the world's.
    """
    signed = str(at_seconds).encode() + b"." + body
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"time={at_seconds},sig1={mac}"
