"""Tag: one audio, video or script message of a publisher, as both RTMP and FLV carry it."""

from typing import Literal

from msgspec import Struct

TagKind = Literal["audio", "video", "script"]


class Tag(Struct, frozen=True, gc=False):
    """One tag. `payload` is the unchanged FLV tag body; for a script it is the AMF0 body.

    `timestamp_ms` is the publisher's own clock, 0 to 2^32 - 1: sequence headers carry 0 at any
    time, and encoders wrap at 2^31 or 2^32; no code here repairs that.
    """

    kind: TagKind
    timestamp_ms: int
    payload: bytes
