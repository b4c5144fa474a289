"""RTMP's config: apart from the server, since a start needs this and no publisher's code."""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Named, Size


class RtmpConfig(Struct, frozen=True):
    """What one server lets its publishers do.

    `message_bytes_max` holds for the longest message and for all unfinished ones of a connection
    together. A publish is due `publish_ms` after the handshake (TLS included) and after the end of
    another. `unsent_bytes_max`: answers that a peer has not read; it has `linger_ms` to read its
    last message before the socket is cut.
    """

    publishers_max: Annotated[
        int, Count(1, 10_000), "publishers at once; the next one is refused"
    ] = 200
    connections_max: Annotated[
        int,
        Count(1, 20_000),
        "RTMP sockets at once; the next one is closed",
        Named("rtmp_connections_max"),
    ] = 400
    message_bytes_max: Annotated[
        int,
        Size(2**16, 2**28),
        "an RTMP message; a longer one closes",
        Named("rtmp_message_bytes_max"),
    ] = 8 * 2**20
    handshake_ms: Annotated[
        int,
        Duration("ms", 100),
        "from connecting to the handshake's end, or closed",
        Named("rtmp_handshake_ms"),
    ] = 10_000
    publish_ms: Annotated[
        int,
        Duration("ms", 100),
        "from the handshake to a publish, or closed",
        Named("rtmp_publish_ms"),
    ] = 10_000
    first_media_ms: Annotated[
        int,
        Duration("ms", 100),
        "from a publish to its first media, or closed",
        Named("rtmp_first_media_ms"),
    ] = 10_000
    idle_ms: Annotated[
        int,
        Duration("ms", 100),
        "a publisher without media for this long is closed",
        Named("rtmp_idle_ms"),
    ] = 30_000
    bytes_per_second_max: Annotated[
        int,
        Size(10_000, 2**32),
        "a publisher's rate; a faster one is slowed",
        Named("rtmp_bytes_per_second_max"),
    ] = 12_500_000
    application: str = "live"
    chunk_streams_max: int = 64
    unsent_bytes_max: int = 64 * 1024
    linger_ms: int = 2_000
