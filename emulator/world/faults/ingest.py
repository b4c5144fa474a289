"""Faults of publishing: publishers are refused, cut off, or read slowly."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration, text, whole


class IngestFault(Fault, frozen=True, kw_only=True):
    """A fault of the publishers of one stream, or of all. `stream` is a stream's id."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class IngestRefuse(IngestFault, frozen=True, kw_only=True):
    """Publishers are refused, as if the server were full."""

    kind: ClassVar[str] = "ingest.refuse"


class IngestCut(IngestFault, frozen=True, kw_only=True):
    """Publishers are cut off when it begins; new ones are cut off `after` so long."""

    kind: ClassVar[str] = "ingest.cut"

    after_ms: Annotated[int, Value("after", duration)] = 1_000


class IngestThrottle(IngestFault, frozen=True, kw_only=True):
    """Publishers are read at no more than `kbits` kilobits a second.

    From a WebRTC publisher the exceeding packets are lost.
    """

    kind: ClassVar[str] = "ingest.throttle"

    kbits: Annotated[int, Value("kbits", whole(8, 10_000_000))] = 300


class StreamEnd(IngestFault, frozen=True, kw_only=True):
    """Live streams end when it begins, as if their owners had ended them."""

    kind: ClassVar[str] = "stream.end"
