"""PublishAuthorizer: how an ingest server asks whether a publisher may publish, and hands on media.

The servers know nothing of the world; an implementation knows nothing of sockets.
"""

import logging
from collections.abc import Callable
from typing import Literal, Protocol

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.ingest.tag import Tag
from emulator.media.packets import Packet, Track

log = logging.getLogger(__name__)

IngestProtocol = Literal["rtmp", "rtmps", "whip"]


class PublishRequest(Struct, frozen=True):
    """`peer` is `ip:port`, `encoder` what it calls itself (printable)."""

    key: str
    protocol: IngestProtocol
    peer: str
    encoder: str


def log_refusal(publish_request: PublishRequest, refused: Refused) -> None:
    """One line for a publisher that was not let in."""
    log.warning(
        "publisher refused peer=%s protocol=%s encoder=%r reason=%s",
        publish_request.peer,
        publish_request.protocol,
        publish_request.encoder,
        refused.message,
    )


class MediaSink(Protocol):
    """Where one admitted publisher's tags go.

    It is to be read no faster than `bytes_per_second_max`; 0: as the server has it.
    """

    bytes_per_second_max: int

    @property
    def pause_ms(self) -> int:
        """How long it is not to be read after this tag; 0, mostly."""

    def receive(self, tag: Tag) -> None:
        """Take the next tag, or raise `Refused`: the publisher is told why and disconnected."""

    def close(self, reason: str) -> None:
        """The publisher is gone. Called exactly once, after the last tag."""


class PublishAuthorizer(Protocol):
    """Judges keys, before any publish is accepted."""

    def authorize(self, publish_request: PublishRequest, drop: Callable[[str], None]) -> MediaSink:
        """Let the publisher in, or raise `Refused` with the sentence its encoder will show.

        The caller logs a refusal, once: see `log_refusal`.
        `drop(reason)` may be called on the loop's thread at any time: the publisher is told the
        reason and disconnected. Called again, or too late, it does nothing.
        """


class PacketSink(MediaSink, Protocol):
    """Takes the media of a publisher that sends packets in place of FLV tags."""

    def take(self, packet: Packet, tracks: tuple[Track, ...]) -> None:
        """Take the next packet, in the publisher's own time, and all tracks known so far."""

    def relay(self, packet: Packet) -> None:
        """Sound as it was sent, for viewers alone: it is taken once more, converted, by `take`."""

    def finish(self, reason: str) -> None:
        """The publisher said that it is done, and will not come back.

        In the place of `close`, or after it: some close their connection before they say so.
        """

    def can_be_asked(self, for_key_frame: Callable[[], None]) -> None:
        """This publisher makes a key frame when it is asked."""


class PacketAuthorizer(Protocol):
    """As `PublishAuthorizer`, for publishers that send packets."""

    def authorize(
        self, publish_request: PublishRequest, drop: Callable[[str], None]
    ) -> PacketSink: ...
