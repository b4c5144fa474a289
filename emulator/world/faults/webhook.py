"""Faults of webhook deliveries: they fail, are late, repeated or reordered."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import Value, duration, text, whole


class WebhookFault(Fault, frozen=True, kw_only=True):
    """A fault of deliveries. `url` is part of the receiver's address, `event` the sent event."""

    match_on: ClassVar[tuple[str, ...]] = ("event",)

    url: Annotated[str, Value("url", text)] = ""
    event: Annotated[str, Value("event", text)] = ""

    def meets(self, facts: dict[str, str]) -> bool:
        return contains(self.url, facts["url"]) and Fault.meets(self, facts)


class WebhookFail(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are not sent: they count as answered with this `status`, and are tried again."""

    kind: ClassVar[str] = "webhook.fail"

    status: Annotated[int, Value("status", whole(300, 599))] = 503


class WebhookSlow(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are `delay` late."""

    kind: ClassVar[str] = "webhook.slow"

    delay_ms: Annotated[int, Value("delay", duration)] = 5_000


class WebhookRepeat(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are sent twice with the same id, as after a lost acknowledgement."""

    kind: ClassVar[str] = "webhook.repeat"


class WebhookDisorder(WebhookFault, frozen=True, kw_only=True):
    """A delivery is postponed by `delay`, and those that follow are sent before it."""

    kind: ClassVar[str] = "webhook.disorder"

    delay_ms: Annotated[int, Value("delay", duration)] = 1_000
