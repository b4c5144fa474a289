"""Events of webhooks."""

from emulator.core.events import Event


class WebhookTargetAdded(Event, frozen=True, kw_only=True):
    """`kinds` is empty where everything is told. The secret is not for the journal."""

    target_id: str
    url: str
    kinds: tuple[str, ...]


class WebhookTargetRemoved(Event, frozen=True, kw_only=True):
    target_id: str


class WebhookGivenUp(Event, frozen=True, kw_only=True):
    """A delivery was tried as often as it may be; `outcome` is what the last attempt met."""

    target_id: str
    delivery_id: str
    outcome: str
