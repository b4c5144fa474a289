"""What may go wrong with webhooks on their way: whoever delivers them asks here."""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault, contains
from emulator.world.faults.values import duration, text, value, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFault(Fault):
    """`url` is what the receiver's address contains, `event` what is told."""

    match_on: ClassVar[tuple[str, ...]] = ("event",)

    url: str = value("url", text, "")
    event: str = value("event", text, "")

    def meets(self, facts: dict[str, str]) -> bool:
        return contains(self.url, facts["url"]) and Fault.meets(self, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFail(WebhookFault):
    """Deliveries are not made: they count as answered with this status, and are tried again."""

    kind: ClassVar[str] = "webhook.fail"

    status: int = value("status", whole(300, 599), 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSlow(WebhookFault):
    """Deliveries are made so much later."""

    kind: ClassVar[str] = "webhook.slow"

    delay_ms: int = value("delay", duration, 5_000)
