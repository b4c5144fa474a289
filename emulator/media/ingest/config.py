"""RTMP limits: apart from the server, since a start needs these and no publisher's code."""

from msgspec import Struct


class RtmpConfig(Struct, frozen=True):
    """What one server lets its publishers do."""

    application: str = "live"
    publishers_max: int = 200
    """Publishers at once; one more is refused with a sentence."""
    connections_max: int = 400
    """Sockets at once, also those that have not said what they want; one more is closed."""
    message_bytes_max: int = 8 * 1024 * 1024
    """The longest message, and all unfinished messages of a connection together."""
    chunk_streams_max: int = 64
    handshake_ms: int = 10_000
    """From the TCP connection to the end of the RTMP handshake, TLS included."""
    publish_ms: int = 10_000
    """From the handshake, or the end of a publish, to the next publish."""
    first_media_ms: int = 10_000
    """From an accepted publish to its first audio, video or metadata."""
    idle_ms: int = 30_000
    """Without any audio, video or metadata while publishing."""
    bytes_per_second_max: int = 12_500_000
    """A publisher's rate (100 Mbit/s): above it the socket is read no faster than this."""
    unsent_bytes_max: int = 64 * 1024
    """Answers that a peer has not read."""
    linger_ms: int = 2_000
    """How long a peer may take to read its last message before the socket is cut."""
