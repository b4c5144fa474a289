"""ChatEncoder: chat events as JSON, encoded once for each dialect (contract, websocket.md)."""

import json
from collections.abc import Iterable

from emulator.core.events import Event
from emulator.core.events.audience import ViewerJoined, ViewersLeft, ViewersSimulated
from emulator.core.events.bursts import Burst
from emulator.core.events.chat import (
    ChatBanned,
    ChatCleared,
    ChatDeleted,
    ChatPosted,
    ChatSettingsChanged,
    LinesPosted,
)
from emulator.core.events.live import StreamEnded, StreamWentLive
from emulator.shapes.chat import (
    authors,
    badges,
    chat_settings,
    message_type_of_client,
    nested_message,
)
from emulator.shapes.dialect import Dialect
from emulator.shapes.times import iso, iso_or_none
from emulator.world.chat import messages, settings
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

HISTORY_COUNT = 50

# Events that change no line and no author. Frequent while viewers come, so they must not empty the
# caches.
_UNRELATED = (ViewerJoined, ViewersLeft, ViewersSimulated)
_LINES = (ChatPosted, LinesPosted)

# A message's `type` and `data`.
Message = tuple[str, dict[str, object]]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class ChatEncoder:
    """The encoder of one world. Its caches are valid until the next event: call `forget` then."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._histories: dict[tuple[str, bool], bytes] = {}
        self._author = authors(world)

    def forget(self, event: Event | Burst) -> None:
        """Empty the caches after an event. A line changes no account, so authors stay cached."""
        if isinstance(event, _UNRELATED):
            return
        self._histories.clear()
        if not isinstance(event, _LINES):
            self._author = authors(self._world)

    def render(self, event: Event, dialects: Iterable[Dialect]) -> dict[str, bytes]:
        """Encode an event in each dialect that has a message for it."""
        payloads: dict[str, bytes] = {}
        for dialect in dialects:
            frame = self._documented(event) if dialect == "documented" else self._client(event)
            if frame is not None:
                payloads[dialect] = _payload(dialect, frame, event.at_ms)
        return payloads

    def history(self, stream: Stream, reader: User | None, is_moderator: bool) -> bytes:
        """Encode the last lines, oldest first. Moderators get deleted ones too."""
        known = self._histories.get((stream.id, is_moderator))
        if known is None:
            listed, _ = messages.page(self._world, stream, reader, count=HISTORY_COUNT)
            lines = [nested_message(message, self._author(message.user_id)) for message in listed]
            known = _encode({"type": "history", "data": lines}).encode()
            self._histories[(stream.id, is_moderator)] = known
        return known

    def viewer_count(self, dialect: Dialect, count: int) -> bytes:
        return _payload(dialect, ("viewer_count", {"count": count}), self._world.now_ms)

    def presence(self, kind: str, user: User) -> bytes:
        """Encode `viewer_join` or `viewer_leave`, which only the client's dialect has."""
        data: dict[str, object] = {"userId": user.id, "username": user.username}
        return _payload("client", (kind, data), self._world.now_ms)

    def pong(self, dialect: Dialect) -> bytes:
        return _payload(dialect, ("pong", {}), self._world.now_ms)

    def error(
        self, dialect: Dialect, code: str, message: str, wait_seconds: float | None = None
    ) -> bytes:
        """Encode why a command was refused, and how long to wait."""
        data: dict[str, object] = {"code": code, "message": message}
        if wait_seconds is not None:
            name = "retry_after_seconds" if dialect == "documented" else "retryAfterSeconds"
            data[name] = wait_seconds
        if dialect == "documented":
            # The message is also at the top level, where one of the clients reads it.
            return _encode({"type": "error", "data": data, "message": message}).encode()
        return _payload(dialect, ("error", data), self._world.now_ms)

    def _documented(self, event: Event) -> Message | None:
        match event:
            case ChatPosted():
                line = messages.as_posted(event)
                return "message", {**nested_message(line, self._author(event.user_id))}
            case ChatDeleted(message_id=message_id):
                return "message_deleted", {"message_id": message_id}
            case ChatCleared():
                return "chat_cleared", {}
            case ChatSettingsChanged(stream_id=stream_id):
                return "settings", self._settings(stream_id)
            case ChatBanned():
                return "user_banned", {
                    "user_id": event.user_id,
                    "username": event.username,
                    "expires_at": iso_or_none(event.expires_at_ms),
                }
            case StreamWentLive() | StreamEnded():
                return "stream_status", {"status": _status(event), "stream_id": event.stream_id}
        return None

    def _client(self, event: Event) -> Message | None:
        match event:
            case ChatPosted():
                return "chat_message", self._chat_message(event)
            case ChatDeleted(message_id=message_id):
                return "message_deleted", {"messageId": message_id}
            case ChatCleared():
                return "system_message", {"content": "The chat was cleared"}
            case ChatSettingsChanged():
                return "system_message", {"content": "The settings of this chat were changed"}
            case ChatBanned(username=username, expires_at_ms=None):
                return "system_message", {"content": f"{username} was banned"}
            case ChatBanned(username=username):
                return "system_message", {"content": f"{username} was timed out"}
            case StreamWentLive() | StreamEnded():
                return "stream_status", {"status": _status(event)}
        return None

    def _chat_message(self, event: ChatPosted) -> dict[str, object]:
        author = self._author(event.user_id)
        return {
            "id": event.message_id,
            "streamId": event.stream_id,
            "userId": event.user_id,
            "username": event.username,
            "displayName": author.display_name,
            "avatar": author.avatar_url,
            "content": event.content,
            "messageType": message_type_of_client(event.message_type),
            "badges": badges(event.badges),
            "createdAt": iso(event.at_ms),
        }

    def _settings(self, stream_id: str) -> dict[str, object]:
        stream = streams.find(self._world, stream_id)
        return {**chat_settings(settings.of(self._world, stream.pk))}


def _status(event: StreamWentLive | StreamEnded) -> str:
    return "live" if isinstance(event, StreamWentLive) else "ended"


def _payload(dialect: Dialect, frame: Message, at_ms: int) -> bytes:
    kind, data = frame
    if dialect == "client":
        return _encode({"type": kind, "data": data, "timestamp": iso(at_ms)}).encode()
    if kind == "pong":
        return b'{"type":"pong"}'
    return _encode({"type": kind, "data": data}).encode()
