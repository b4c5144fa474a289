"""TrackWaits: how long a stream waits for a track that its publisher does not send (yet)."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Duration


class TrackWaits(Struct, frozen=True):
    """Milliseconds on the publisher's own clock."""

    sound_wait_ms: Annotated[
        int,
        Duration("ms", 1),
        "how long a stream waits for sound after its first key frame before it begins without",
    ] = 500
    promised_sound_wait_ms: Annotated[
        int, Duration("ms", 1), "sound_wait_ms, where the publisher has announced sound"
    ] = 2_000
    picture_wait_ms: Annotated[
        int,
        Duration("ms", 1),
        "how long a stream waits for a picture after its first sound before it begins without",
    ] = 4_000
    promised_picture_wait_ms: Annotated[
        int, Duration("ms", 1), "picture_wait_ms, where the publisher has announced a picture"
    ] = 10_000
    gap_wait_ms: Annotated[
        int,
        Duration("ms", 100),
        "how long a track may stop while the other goes on; then silence, or the last key frame, "
        "fills the gap",
    ] = 500
