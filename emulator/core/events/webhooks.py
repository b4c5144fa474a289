"""What happens to those who are told of what happens."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTargetAdded(Event):
    """`kinds` is empty where everything is told. The secret is not for the journal."""

    target_id: str
    url: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTargetRemoved(Event):
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookGivenUp(Event):
    """A delivery was tried as often as it may be; `outcome` is what the last attempt met."""

    target_id: str
    delivery_id: str
    outcome: str
