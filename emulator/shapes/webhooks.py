"""Webhook bodies: an event's public name and body, in the style of the CDN's webhooks.

`data` is the object as the REST API shows it. Next to it are the CDN's own names: `uid`,
`readyToStream` and `status.state`.
"""

from collections.abc import Callable
from typing import Any

from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.chat import ChatBanned, ChatDeleted, ChatPosted
from emulator.core.events.library import VodFailed, VodReady
from emulator.core.events.live import StreamCreated, StreamEnded, StreamWentLive
from emulator.core.events.people import UserFollowed, UserUnfollowed
from emulator.shapes.addresses import Addresses
from emulator.shapes.chat import nested_message
from emulator.shapes.library.vods import vod_shape
from emulator.shapes.live import stream_shape
from emulator.shapes.people import user_card
from emulator.shapes.times import iso, iso_or_none
from emulator.world.chat import messages
from emulator.world.library import recordings
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.store import events
from emulator.world.webhooks.targets import EVENT_KINDS
from emulator.world.world import World

# The CDN's name for a video's state after an event.
_STATES = {"stream.live": "live-inprogress", "vod.ready": "ready", "vod.failed": "error"}


class WebhookEncoder:
    """Encodes one world's events. `addresses` is called for each event."""

    def __init__(self, world: World, addresses: Callable[[], Addresses]) -> None:
        self._world = world
        self._addresses = addresses

    def body(self, event: Event, kind: str) -> dict[str, Any]:
        return {**self.frame(event.at_ms), **self._subject(event, kind)}

    def frame(self, at_ms: int) -> dict[str, Any]:
        return {"created_at": iso(at_ms), "ts": at_ms // 1000, "world": self._world.name}

    def example(self, kind: str) -> dict[str, Any] | None:
        event_type = next(event for event, name in EVENT_KINDS.items() if name == kind)
        entry = events.newest(self._world.store, event_type.__name__)
        if entry is None:
            return None
        return self.body(event_type(at_ms=entry.at_ms, **entry.values), kind)

    def _subject(self, event: Event, kind: str) -> dict[str, Any]:
        try:
            match event:
                case StreamCreated() | StreamWentLive() | StreamEnded():
                    return _of_stream(self._world, self._addresses(), event.stream_id, kind)
                case VodReady() | VodFailed():
                    return _of_vod(self._world, self._addresses(), event, kind)
            return {"data": _data(self._world, event)}
        except Refused:
            # The object was removed in the same turn, so the body has only its id.
            return {"data": {}}


def _of_stream(world: World, addresses: Addresses, stream_id: str, kind: str) -> dict[str, Any]:
    stream = streams.find(world, stream_id)
    payload: dict[str, Any] = {"uid": stream.uid, "data": stream_shape(world, addresses, stream)}
    if kind in _STATES:
        payload["status"] = {"state": _STATES[kind]}
    return payload


def _of_vod(
    world: World, addresses: Addresses, event: VodReady | VodFailed, kind: str
) -> dict[str, Any]:
    vod = recordings.find(world, event.vod_id)
    status = {"state": _STATES[kind]}
    if isinstance(event, VodFailed):
        status["errorReasonText"] = event.reason
    return {
        "uid": vod.uid,
        "readyToStream": isinstance(event, VodReady),
        "status": status,
        "data": vod_shape(world, addresses, vod, "documented"),
    }


def _data(world: World, event: Event) -> dict[str, Any]:
    match event:
        case ChatPosted():
            author = accounts.find(world, event.user_id)
            return {**nested_message(messages.as_posted(event), author)}
        case ChatDeleted():
            return {"stream_id": event.stream_id, "message_id": event.message_id}
        case ChatBanned():
            return {
                "stream_id": event.stream_id,
                "user_id": event.user_id,
                "username": event.username,
                "reason": event.reason,
                "expires_at": iso_or_none(event.expires_at_ms),
            }
        case UserFollowed() | UserUnfollowed():
            return {
                "follower": user_card(accounts.find(world, event.follower_id)),
                "followed": user_card(accounts.find(world, event.followed_id)),
            }
    return {}
