"""What happens in the chat of a stream."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.core.values import dataclass

MessageType = Literal["message", "system", "subscription", "donation", "announcement", "ai"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEvent(Event):
    """Something that happened in the chat of one stream."""

    stream_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPosted(ChatEvent):
    """A line that everybody sees. `badges` are the author's at that moment."""

    message_id: str
    user_id: str
    username: str
    content: str
    message_type: MessageType
    badges: tuple[str, ...]


class LinesPosted(Burst):
    """Lines that were said in one chat, one behind the other, at one instant."""

    def __init__(
        self,
        stream_id: str,
        at_ms: int,
        bodies: Sequence[str],
        make: Callable[[], Iterable[ChatPosted]],
    ) -> None:
        super().__init__(ChatPosted, at_ms, bodies, make)
        self.stream_id = stream_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatHeld(ChatEvent):
    """A line that a filter kept back: nobody sees it, and `reason` is a sentence for its author."""

    user_id: str
    username: str
    content: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDeleted(ChatEvent):
    message_id: str
    by_user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCleared(ChatEvent):
    by_user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettingsChanged(ChatEvent):
    """`values` are what was changed as it is from then on, by its name."""

    changed: tuple[str, ...]
    values: dict[str, object]
    by_user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatBanned(ChatEvent):
    """Banned, or timed out until `expires_at_ms`."""

    user_id: str
    username: str
    by_user_id: str
    reason: str | None
    expires_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatUnbanned(ChatEvent):
    user_id: str
    username: str
    by_user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorAdded(ChatEvent):
    user_id: str
    username: str
    is_vip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorChanged(ChatEvent):
    user_id: str
    username: str
    is_vip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorRemoved(ChatEvent):
    user_id: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReaderDropped(ChatEvent):
    """A socket was closed because it did not read. `user_id` is None for an anonymous reader."""

    user_id: str | None
    reason: str
