"""PlatformConfig, RequestLogConfig: the limits that all worlds of this process share."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Named, Size


class PlatformConfig(Struct, frozen=True):
    worlds_max: Annotated[int, Count(1, 100_000), "worlds at once; the next one is refused"] = 1_000
    world_rest_ms: Annotated[
        int,
        Duration("ms", 1000),
        "a world in memory that is unused for so long is compressed; its next use takes 3 ms more",
    ] = 60_000
    worlds_awake_max: Annotated[
        int,
        Count(1, 100_000),
        "worlds and snapshots uncompressed in memory; over it, those used longest ago are"
        " compressed, except while more are in use",
    ] = 256
    snapshots_max: Annotated[
        int, Count(1, 10_000), "snapshots of a world; the next one is refused"
    ] = 100
    body_bytes_max: Annotated[int, Size(1024, 2**30), "a request's body; a larger one gets 413"] = (
        2**20
    )
    upload_bytes_max: Annotated[
        int, Size(1024, 2**40), "an uploaded video; a larger one gets 413"
    ] = 2**31
    pictures_at_once_max: Annotated[
        int, Count(1, 64), "uploaded pictures decoded at once; others wait"
    ] = 2


class RequestLogConfig(Struct, frozen=True):
    kept_max: Annotated[
        int, Count(1, 1_000_000), "requests kept in the request log", Named("requests_kept_max")
    ] = 10_000
    bytes_max: Annotated[
        int,
        Size(2**16, 2**36),
        "memory for the request log; over it, the oldest entries go",
        Named("requests_bytes_max"),
    ] = 64 * 2**20
    entry_bytes_max: Annotated[
        int,
        Size(2**8, 2**24),
        "memory for a request's body in the log, its query, its answer; the rest is cut",
        Named("request_bytes_max"),
    ] = 16 * 2**10
