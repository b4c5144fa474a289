"""Events of webhooks."""

from emulator.core.events import Event


class WebhookTargetAdded(Event, frozen=True, kw_only=True):
    """A webhook target was added. Without `kinds` it gets every event.

    Its secret is not written to the journal.
    """

    target_id: str
    url: str
    kinds: tuple[str, ...]


class WebhookTargetRemoved(Event, frozen=True, kw_only=True):
    target_id: str


class WebhookGivenUp(Event, frozen=True, kw_only=True):
    """A delivery failed at its last allowed attempt; `outcome` says how."""

    target_id: str
    delivery_id: str
    outcome: str
