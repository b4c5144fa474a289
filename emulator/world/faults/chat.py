"""Faults of the chat socket: messages late, lost, repeated, reordered; sockets closed.

A message about an event is struck, or not struck, for all readers of a stream alike.
"""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, close_code, duration, text


class ChatFault(Fault, frozen=True, kw_only=True):
    """A fault of one stream's chat, or of all. `stream` is a stream's id."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class ChatDelay(ChatFault, frozen=True, kw_only=True):
    """Messages are `delay` late, in their order."""

    kind: ClassVar[str] = "chat.delay"

    delay_ms: Annotated[int, Value("delay", duration)] = 1_000


class ChatDrop(ChatFault, frozen=True, kw_only=True):
    """Messages are lost on the way; REST still lists the lines."""

    kind: ClassVar[str] = "chat.drop"


class ChatRepeat(ChatFault, frozen=True, kw_only=True):
    """Messages are sent twice."""

    kind: ClassVar[str] = "chat.repeat"


class ChatDisorder(ChatFault, frozen=True, kw_only=True):
    """A message is sent after the next one, or `most` later if none follows."""

    kind: ClassVar[str] = "chat.disorder"

    most_ms: Annotated[int, Value("most", duration)] = 1_000


class ChatDisconnect(ChatFault, frozen=True, kw_only=True):
    """Sockets are closed with `code` when it begins, and new ones while it lasts."""

    kind: ClassVar[str] = "chat.disconnect"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "user")

    user: Annotated[str, Value("user", text)] = ""
    code: Annotated[int, Value("code", close_code)] = 1012
