"""MediaStoreConfig: the lengths of parts and segments, and limits of stored media."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Flags, Named, Size

LONG_PART_MS = 200


class MediaStoreConfig(Struct, frozen=True):
    """The settings of the media store.

    `usage_max_age_ms`: the largest age of the disk's usage that `check_room` relies on. Short parts
    let viewers of low latency see a picture sooner, but cost processor time: a stream that begins
    while `short_parts_streams_max` others are live has parts of at least `LONG_PART_MS`.
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
        "number of live streams that may have parts shorter than 200ms; more streams get 200ms",
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
        "a recording's unwritten media; over this, the recording ends",
        Named("disk_queue_bytes_max"),
    ] = 16 * 2**20
    usage_max_age_ms: int = 5_000
