"""Faults of recordings: they fail or take long."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration, text


class VodFault(Fault, frozen=True, kw_only=True):
    """A fault of recordings. `stream` is the id of the recorded stream."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class VodFail(VodFault, frozen=True, kw_only=True):
    """VODs that would become ready fail with this `reason`."""

    kind: ClassVar[str] = "vod.fail"

    reason: Annotated[str, Value("reason", text)] = "The recording could not be processed."


class VodSlow(VodFault, frozen=True, kw_only=True):
    """VODs are processed `delay` longer."""

    kind: ClassVar[str] = "vod.slow"

    delay_ms: Annotated[int, Value("delay", duration)] = 30_000
