"""What may go wrong with publishing: refused, cut, read too slowly."""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault
from emulator.world.faults.values import duration, text, value, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestFault(Fault):
    """`stream` is a stream's id."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: str = value("stream", text, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestRefuse(IngestFault):
    """Publishers are refused, as if there were no room for them."""

    kind: ClassVar[str] = "ingest.refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestCut(IngestFault):
    """Publishers are cut off when it begins, and `after` so long those that come while it lasts."""

    kind: ClassVar[str] = "ingest.cut"

    after_ms: int = value("after", duration, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestThrottle(IngestFault):
    """Publishers are read no faster than so many kilobits a second.

    Of one over WebRTC, the rest is lost.
    """

    kind: ClassVar[str] = "ingest.throttle"

    kbits: int = value("kbits", whole(8, 10_000_000), 300)
