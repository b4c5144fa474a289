"""PublishAuthorizer: the interface by which an ingest server gets a publisher accepted.

The servers know nothing of the world; an implementation knows nothing of sockets.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.ingest.tag import Tag
from emulator.media.packets import Packet, Track

log = logging.getLogger(__name__)

IngestProtocol = Literal["rtmp", "rtmps", "whip"]


class PublishRequest(Struct, frozen=True):
    """A request to publish. `peer` is `ip:port`, `encoder` the encoder's own name (printable)."""

    key: str
    protocol: IngestProtocol
    peer: str
    encoder: str


def log_refusal(publish_request: PublishRequest, refused: Refused) -> None:
    """Log one line for a refused publisher."""
    log.warning(
        "publisher refused peer=%s protocol=%s encoder=%r reason=%s",
        publish_request.peer,
        publish_request.protocol,
        publish_request.encoder,
        refused.message,
    )


class MediaSink(Protocol):
    """The receiver of one accepted publisher's tags.

    The connection is read no faster than `bytes_per_second_max`; 0: as the server's own limit says.
    """

    bytes_per_second_max: int

    @property
    def pause_ms(self) -> int:
        """The milliseconds for which the connection must not be read after its tags; mostly 0."""

    @property
    def patience_ms(self) -> int:
        """The milliseconds that the next tags may wait, as nothing would come of them sooner."""

    def receive(self, tags: Sequence[Tag]) -> None:
        """Take the next tags, or raise `Refused`: the publisher is sent the reason and cut off."""

    def close(self, reason: str) -> None:
        """Note the publisher's end. Called exactly once, after the last tag."""


class PublishAuthorizer(Protocol):
    """Checks the key of each publish before it is accepted."""

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> MediaSink:
        """Accept the publisher, or raise `Refused` with the message that its encoder will show.

        The caller logs a refusal, once: see `log_refusal`. `drop(reason)` may be called on the
        loop's thread at any time: the publisher is sent the reason and disconnected. A second or
        late call does nothing.
        """


class PacketSink(MediaSink, Protocol):
    """The receiver of a publisher that sends packets instead of FLV tags."""

    def take(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        """Take the next packet, on the publisher's clock, and all tracks known so far."""

    def relay(self, packet: Packet) -> None:
        """Take audio as it was sent, for WebRTC viewers alone: `take` gets it again, converted."""

    def finish(self, reason: str) -> None:
        """End the stream of a publisher that said that it is done and will not come back.

        Called instead of `close`, or after it: some close their connection before they say so.
        """

    def can_be_asked(self, for_key_frame: Callable[[], None]) -> None:
        """Note the function that asks this publisher for a key frame."""


class PacketAuthorizer(Protocol):
    """Checks keys like `PublishAuthorizer`, for publishers that send packets."""

    def authorize(
        self, publish_request: PublishRequest, drop: Callable[[str], None]
    ) -> PacketSink: ...
