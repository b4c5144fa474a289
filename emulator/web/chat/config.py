"""ChatConfig: who may read a chat, and the limits of its sockets."""

from typing import Annotated

from msgspec import Struct

from emulator.chat_delivery.config import SendQueueConfig
from emulator.core.setting import Choice, Count, Flags, Named


class ChatConfig(Struct, frozen=True):
    anonymous: Annotated[
        str,
        Choice(("dialect", "refuse", "read")),
        "chat sockets without a token: by each dialect's rule, refused, or read only",
        Named("anonymous_chat"),
        Flags.LIMITS,
    ] = "dialect"
    sockets_max: Annotated[
        int,
        Count(1, 1_000_000),
        "chat sockets per world; further ones are refused",
        Named("chat_sockets_max"),
    ] = 20_000
    send_queue: SendQueueConfig = SendQueueConfig()
