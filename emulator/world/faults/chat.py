"""What may go wrong with the chat socket: messages late, lost, twice, swapped; sockets closed.

A message about something that happened strikes, or does not, for all of a stream's readers alike.
"""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault
from emulator.world.faults.values import close_code, duration, text, value


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFault(Fault):
    """`stream` is a stream's id."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: str = value("stream", text, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDelay(ChatFault):
    """Messages come `delay` later, in their order."""

    kind: ClassVar[str] = "chat.delay"

    delay_ms: int = value("delay", duration, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDrop(ChatFault):
    """Messages are lost on their way; REST still has the lines."""

    kind: ClassVar[str] = "chat.drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRepeat(ChatFault):
    """Messages come twice."""

    kind: ClassVar[str] = "chat.repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDisorder(ChatFault):
    """A message comes behind the next one, or `most` later where none follows."""

    kind: ClassVar[str] = "chat.disorder"

    most_ms: int = value("most", duration, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatDisconnect(ChatFault):
    """Sockets are closed with `code` when it begins, and those that come while it lasts."""

    kind: ClassVar[str] = "chat.disconnect"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "user")

    user: str = value("user", text, "")
    code: int = value("code", close_code, 1012)
