"""Frames: messages as WebSocket frames, made once for all readers.

A server's frames are not masked (RFC 6455, 5.1), so the same bytes fit every reader.
"""

from collections.abc import Sequence

_TEXT_FINAL = 0x81


def text_frame(payload: bytes) -> bytes:
    """One text message (UTF-8) as one whole frame (RFC 6455, 5.2)."""
    length = len(payload)
    if length < 126:
        return bytes((_TEXT_FINAL, length)) + payload
    if length < 2**16:
        return b"%c%c%b%b" % (_TEXT_FINAL, 126, length.to_bytes(2, "big"), payload)
    return b"%c%c%b%b" % (_TEXT_FINAL, 127, length.to_bytes(8, "big"), payload)


class FrameBatch:
    """Messages sent together: `payloads` one by one, and `joined`, their frames in one piece."""

    __slots__ = ("joined", "payloads")

    def __init__(self, payloads: Sequence[bytes]) -> None:
        self.payloads = payloads
        self.joined = b"".join(map(text_frame, payloads))
