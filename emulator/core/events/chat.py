"""Events of a stream's chat."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from emulator.core.events import Event
from emulator.core.events.bursts import Burst

MessageType = Literal["message", "system", "subscription", "donation", "announcement", "ai"]


class ChatEvent(Event, frozen=True, kw_only=True):
    """Something that happened in the chat of one stream."""

    stream_id: str


class ChatPosted(ChatEvent, frozen=True, kw_only=True):
    """A line that everybody sees. `badges` are those that its author had at that moment."""

    message_id: str
    user_id: str
    username: str
    content: str
    message_type: MessageType
    badges: tuple[str, ...]


class LinesPosted(Burst):
    """Consecutive lines of one chat, posted at one instant."""

    def __init__(
        self,
        stream_id: str,
        at_ms: int,
        bodies: Sequence[str],
        make: Callable[[], Iterable[ChatPosted]],
    ) -> None:
        super().__init__(ChatPosted, at_ms, bodies, make)
        self.stream_id = stream_id


class ChatHeld(ChatEvent, frozen=True, kw_only=True):
    """A filter held a line back: nobody sees it. `reason` is a sentence for its author."""

    user_id: str
    username: str
    content: str
    reason: str


class ChatDeleted(ChatEvent, frozen=True, kw_only=True):
    message_id: str
    by_user_id: str


class ChatCleared(ChatEvent, frozen=True, kw_only=True):
    by_user_id: str


class ChatSettingsChanged(ChatEvent, frozen=True, kw_only=True):
    """Settings of a chat were changed. `values` are the new values by their names."""

    changed: tuple[str, ...]
    values: dict[str, object]
    by_user_id: str


class ChatBanned(ChatEvent, frozen=True, kw_only=True):
    """A user was banned, or timed out until `expires_at_ms` (None: without end)."""

    user_id: str
    username: str
    by_user_id: str
    reason: str | None
    expires_at_ms: int | None


class ChatUnbanned(ChatEvent, frozen=True, kw_only=True):
    user_id: str
    username: str
    by_user_id: str


class ModeratorAdded(ChatEvent, frozen=True, kw_only=True):
    user_id: str
    username: str
    is_vip: bool


class ModeratorChanged(ChatEvent, frozen=True, kw_only=True):
    user_id: str
    username: str
    is_vip: bool


class ModeratorRemoved(ChatEvent, frozen=True, kw_only=True):
    user_id: str
    username: str


class ChatReaderDropped(ChatEvent, frozen=True, kw_only=True):
    """A socket was closed because it did not read. `user_id` is None for an anonymous reader."""

    user_id: str | None
    reason: str
