"""What may go wrong with recordings: they fail, or take long."""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault
from emulator.world.faults.values import duration, text, value


@dataclass(frozen=True, slots=True, kw_only=True)
class VodFault(Fault):
    """`stream` is the id of the stream that is recorded."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: str = value("stream", text, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class VodFail(VodFault):
    """VODs that would become ready fail, for this reason."""

    kind: ClassVar[str] = "vod.fail"

    reason: str = value("reason", text, "The recording could not be processed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VodSlow(VodFault):
    """VODs are processed so much longer."""

    kind: ClassVar[str] = "vod.slow"

    delay_ms: int = value("delay", duration, 30_000)
