"""Faults of time: the world's clock jumps forward."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration


class ClockJump(Fault, frozen=True, kw_only=True):
    """The world's clock jumps forward by `by` when it begins; all that becomes due happens."""

    kind: ClassVar[str] = "clock.jump"

    by_ms: Annotated[int, Value("by", duration)] = 3_600_000
