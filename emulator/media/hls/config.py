"""MediaStoreConfig: how long parts and segments are, and what may be kept."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Flags, Named, Size

LONG_PART_MS = 200


class MediaStoreConfig(Struct, frozen=True):
    """`usage_max_age_ms`: how old the look at the disk may be that `check_room` goes by.

    Short parts make viewers of low latency see a picture sooner, and cost time of a core each: a
    stream that begins beside `short_parts_streams_max` others has parts of `LONG_PART_MS` at least.
    """

    segment_ms: Annotated[
        int,
        Duration("s", 500, 10_000),
        "a segment ends at the first key frame after this",
        Named(key="segment_seconds"),
        Flags.MEDIA,
    ] = 2_000
    part_ms: Annotated[
        int, Duration("ms", 50, 2_000), "length of a low latency part", Flags.MEDIA
    ] = 100
    short_parts_streams_max: Annotated[
        int,
        Count(0, 10_000),
        "so many streams at once may have parts shorter than 200ms; those of the next have 200ms",
    ] = 8
    dvr_ms: Annotated[
        int,
        Duration("s"),
        "how far back live viewers can seek; 0: to the start",
        Named(key="dvr_seconds"),
        Flags.MEDIA,
    ] = 0
    disk_limit_bytes: Annotated[
        int,
        Size(),
        "refuse publishers, uploads and clips once media takes 95 % of this; nothing is deleted;"
        " 0: all of the disk",
        Named(key="disk_limit"),
        Flags.LIMITS,
    ] = 0
    recordings_loaded_max: Annotated[
        int, Count(1, 10_000), "finished recordings kept ready in memory"
    ] = 64
    pending_bytes_max: Annotated[
        int,
        Size(2**20, 2**32),
        "a recording's unwritten media; over it, it ends",
        Named("disk_queue_bytes_max"),
    ] = 16 * 2**20
    usage_max_age_ms: int = 5_000
