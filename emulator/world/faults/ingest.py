"""Faults of publishing: refused, cut, read too slowly."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration, text, whole


class IngestFault(Fault, frozen=True, kw_only=True):
    """`stream` is a stream's id."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class IngestRefuse(IngestFault, frozen=True, kw_only=True):
    """Publishers are refused, as if there were no room for them."""

    kind: ClassVar[str] = "ingest.refuse"


class IngestCut(IngestFault, frozen=True, kw_only=True):
    """Publishers are cut off when it begins, and `after` so long those that come while it lasts."""

    kind: ClassVar[str] = "ingest.cut"

    after_ms: Annotated[int, Value("after", duration)] = 1_000


class IngestThrottle(IngestFault, frozen=True, kw_only=True):
    """Publishers are read no faster than so many kilobits a second.

    Of one over WebRTC, the rest is lost.
    """

    kind: ClassVar[str] = "ingest.throttle"

    kbits: Annotated[int, Value("kbits", whole(8, 10_000_000))] = 300


class StreamEnd(IngestFault, frozen=True, kw_only=True):
    """Live streams end when it begins, as if their owners had ended them."""

    kind: ClassVar[str] = "stream.end"
