"""SendQueueConfig: how much a reader may leave unread before it is dropped."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Duration, Named, Size


class SendQueueConfig(Struct, frozen=True):
    """A reader that has more than `bytes_max` waiting, or takes nothing for `slow_ms`, is dropped.

    Bytes that several readers wait for are held once.
    """

    bytes_max: Annotated[
        int,
        Size(2**16, 2**28),
        "what a chat reader has not taken; over it, 1013",
        Named("chat_unread_bytes_max"),
    ] = 2**20
    slow_ms: Annotated[
        int, Duration("ms", 100), "a chat reader that takes nothing: 1013", Named("chat_slow_ms")
    ] = 10_000
