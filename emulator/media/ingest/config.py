"""RTMP's config.

It is apart from the server, so that a start need not import a publisher's code.
"""

from typing import Annotated

from msgspec import Struct

from emulator.core.setting import Count, Duration, Named, Size


class RtmpConfig(Struct, frozen=True):
    """The limits of one RTMP server.

    `message_bytes_max` bounds the longest message, and all unfinished ones of a connection
    together. A publish must come within `publish_ms` of the handshake (TLS included), and of the
    end of another publish. `unsent_bytes_max` bounds the responses that a peer has not read; it has
    `linger_ms` to read its last message before the socket is cut.
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
        "an RTMP message; a longer one closes the connection",
        Named("rtmp_message_bytes_max"),
    ] = 8 * 2**20
    handshake_ms: Annotated[
        int,
        Duration("ms", 100),
        "time for the RTMP handshake; after it the connection is closed",
        Named("rtmp_handshake_ms"),
    ] = 10_000
    publish_ms: Annotated[
        int,
        Duration("ms", 100),
        "time from the handshake to a publish; after it the connection is closed",
        Named("rtmp_publish_ms"),
    ] = 10_000
    first_media_ms: Annotated[
        int,
        Duration("ms", 100),
        "time from a publish to its first media; after it the connection is closed",
        Named("rtmp_first_media_ms"),
    ] = 10_000
    idle_ms: Annotated[
        int,
        Duration("ms", 100),
        "a publisher that sends no media for this long is disconnected",
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
