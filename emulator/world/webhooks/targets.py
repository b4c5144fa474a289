"""Targets: addresses that receive events, and which kinds of events."""

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatBanned, ChatDeleted, ChatPosted
from emulator.core.events.library import VodFailed, VodReady
from emulator.core.events.live import StreamCreated, StreamEnded, StreamWentLive
from emulator.core.events.people import UserFollowed, UserUnfollowed
from emulator.core.events.webhooks import WebhookTargetAdded, WebhookTargetRemoved
from emulator.core.hosts import check_receiver
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World

# The public names of the events that webhooks send.
EVENT_KINDS: dict[type[Event], str] = {
    StreamCreated: "stream.created",
    StreamWentLive: "stream.live",
    StreamEnded: "stream.ended",
    VodReady: "vod.ready",
    VodFailed: "vod.failed",
    ChatPosted: "chat.message",
    ChatDeleted: "chat.message_deleted",
    ChatBanned: "chat.user_banned",
    UserFollowed: "follow.created",
    UserUnfollowed: "follow.deleted",
}
KINDS = tuple(EVENT_KINDS.values())
TARGETS_MAX = 20


class WebhookTarget(Struct, frozen=True):
    """One target. Empty `kinds` mean all kinds; `secret` signs what is sent."""

    pk: int
    id: str
    url: str
    secret: str
    kinds: tuple[str, ...]
    created_at_ms: int

    def wants(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


def of(world: World) -> list[WebhookTarget]:
    """Return all targets of a world in the order in which they were added."""
    return [_target(row) for row in world.store.rows("SELECT * FROM webhook_targets ORDER BY row")]


def find(world: World, target_id: str) -> WebhookTarget:
    """Return a target. Refuses (`not_found`) an unknown id."""
    row = world.store.row("SELECT * FROM webhook_targets WHERE id = ?", target_id)
    if row is None:
        raise Refused("not_found", "Webhook not found")
    return _target(row)


def by_pk(world: World, pk: int) -> WebhookTarget | None:
    """Return the target with this primary key, None if it was removed."""
    record = world.store.row("SELECT * FROM webhook_targets WHERE row = ?", pk)
    return _target(record) if record else None


def add(world: World, url: str, kinds: tuple[str, ...] = (), secret: str = "") -> WebhookTarget:
    """Add a target; without a `secret` one is made.

    Refuses (`invalid`) an address that is not HTTP or contains a name and password, an unknown
    kind, (`conflict`) one target too many.
    """
    try:
        check_receiver(url)
    except ValueError as error:
        raise Refused("invalid", str(error), field="url") from None
    for kind in kinds:
        check_kind(kind)
    if world.store.number("SELECT count(*) FROM webhook_targets") >= TARGETS_MAX:
        raise Refused("conflict", f"There are {TARGETS_MAX} webhooks. Remove some.")
    target_id = world.ids.uuid()
    with world.change():
        world.store.insert(
            "webhook_targets",
            id=target_id,
            url=url,
            secret=secret or world.ids.token(),
            kinds=",".join(kinds),
            created_at_ms=world.now_ms,
        )
        world.emit(
            WebhookTargetAdded(at_ms=world.now_ms, target_id=target_id, url=url, kinds=kinds)
        )
    return find(world, target_id)


def ensure(world: World, url: str) -> None:
    """Add a target for all events, unless `url` is one already."""
    if world.store.row("SELECT 1 FROM webhook_targets WHERE url = ?", url) is None:
        add(world, url)


def remove(world: World, target: WebhookTarget) -> None:
    """Remove a target and its deliveries."""
    with world.change():
        world.store.write("DELETE FROM webhook_targets WHERE row = ?", target.pk)
        world.emit(WebhookTargetRemoved(at_ms=world.now_ms, target_id=target.id))


def check_kind(kind: str) -> None:
    """Refuse (`invalid`) an unknown public name of an event."""
    if kind not in KINDS:
        raise Refused("invalid", f"There is no event {kind[:50]!r}. Events: {', '.join(KINDS)}")


def _target(row: Row) -> WebhookTarget:
    return read_row(WebhookTarget, row, kinds=tuple(filter(None, row["kinds"].split(","))))
