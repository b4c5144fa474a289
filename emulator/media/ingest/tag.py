"""Tag: one audio, video or script message of a publisher, as RTMP and FLV both carry it."""

from typing import Literal

from msgspec import Struct

TagKind = Literal["audio", "video", "script"]


class Tag(Struct, frozen=True, gc=False):
    """`payload` is the FLV tag body, untouched; a script's payload is its AMF0 body as it came.

    `timestamp_ms` is the publisher's own clock, 0 to 2^32 - 1: sequence headers carry 0 at any
    time, encoders wrap at 2^31 or 2^32, and nothing here repairs that.
    """

    kind: TagKind
    timestamp_ms: int
    payload: bytes
