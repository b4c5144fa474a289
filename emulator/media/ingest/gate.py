"""Gate: how an ingest server asks whether a publisher may come in, and hands over what it sends.

The servers know nothing of the world; who implements a gate knows nothing of sockets.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from emulator.media.ingest.tag import Tag

IngestProtocol = Literal["rtmp", "rtmps", "whip"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A publisher at the door. `peer` is `ip:port`, `encoder` what it calls itself (printable)."""

    key: str
    protocol: IngestProtocol
    peer: str
    encoder: str


class Intake(Protocol):
    """Where one admitted publisher's tags go."""

    def receive(self, tag: Tag) -> None:
        """Take the next tag, or raise `Refused`: the publisher is told why and disconnected."""

    def close(self, reason: str) -> None:
        """The publisher is gone. Called exactly once, after the last tag."""


class Gate(Protocol):
    """Judges keys, before any publish is accepted."""

    def admit(self, attempt: Attempt, drop: Callable[[str], None]) -> Intake:
        """Let the publisher in, or raise `Refused` with the sentence its encoder will show.

        `drop(reason)` may be called on the loop's thread at any time: the publisher is told the
        reason and disconnected. Called again, or too late, it does nothing.
        """
