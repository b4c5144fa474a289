"""Faults of webhook deliveries: they fail, or are late."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import Value, duration, text, whole


class WebhookFault(Fault, frozen=True, kw_only=True):
    """`url` is what the receiver's address contains, `event` what is told."""

    match_on: ClassVar[tuple[str, ...]] = ("event",)

    url: Annotated[str, Value("url", text)] = ""
    event: Annotated[str, Value("event", text)] = ""

    def meets(self, facts: dict[str, str]) -> bool:
        return contains(self.url, facts["url"]) and Fault.meets(self, facts)


class WebhookFail(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are not made: they count as answered with this status, and are tried again."""

    kind: ClassVar[str] = "webhook.fail"

    status: Annotated[int, Value("status", whole(300, 599))] = 503


class WebhookSlow(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are made so much later."""

    kind: ClassVar[str] = "webhook.slow"

    delay_ms: Annotated[int, Value("delay", duration)] = 5_000


class WebhookRepeat(WebhookFault, frozen=True, kw_only=True):
    """Deliveries are made twice, with the same id, as where an acknowledgement was lost."""

    kind: ClassVar[str] = "webhook.repeat"


class WebhookDisorder(WebhookFault, frozen=True, kw_only=True):
    """A delivery is put off by `delay`, and those that follow are made before it."""

    kind: ClassVar[str] = "webhook.disorder"

    delay_ms: Annotated[int, Value("delay", duration)] = 1_000
