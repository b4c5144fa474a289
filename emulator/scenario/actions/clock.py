"""`clock.*`: the world's time: let it pass at once, stand, or run at another speed."""

from typing import Annotated, ClassVar

from pydantic import Field

from emulator.core.errors import Refused
from emulator.core.world_clock import SPEED_MAX, SPEED_MIN, WorldClock
from emulator.scenario.actions.action import Action, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Duration


class ClockAdvance(Action):
    """Let time pass at once, with all that is due in it. On the virtual clock it is a `wait`."""

    name: ClassVar[str] = "clock.advance"
    example: ClassVar[str] = "clock.advance: 1h"
    shorthand: ClassVar[str] = "time"

    time: Duration

    def run(self, stage: RunContext) -> Ticks:
        if not stage.evening.is_virtual:
            # From inside the run: the acts that this makes due belong to the world, not to it.
            _clock(stage).advance(self.time)
            return
        yield self.time


class ClockFreeze(Action):
    """Let the world's time stand for so long of the machine's. Nothing on the virtual clock."""

    name: ClassVar[str] = "clock.freeze"
    example: ClassVar[str] = "clock.freeze: 2s"
    shorthand: ClassVar[str] = "time"

    time: Duration

    async def run(self, stage: RunContext) -> None:
        if stage.evening.is_virtual:
            return
        import asyncio

        clock = _clock(stage)
        speed = clock.speed or 1.0
        clock.freeze()
        try:
            await asyncio.sleep(self.time / 1000)
        finally:
            clock.run(speed)


class ClockSpeed(Action):
    """Let the world's time run so much faster, or slower. Nothing on the virtual clock."""

    name: ClassVar[str] = "clock.speed"
    example: ClassVar[str] = "clock.speed: 10"
    shorthand: ClassVar[str] = "speed"

    speed: Annotated[float | int, Field(ge=SPEED_MIN, le=SPEED_MAX)]

    def run(self, stage: RunContext) -> None:
        if not stage.evening.is_virtual:
            _clock(stage).run(self.speed)


def _clock(stage: RunContext) -> WorldClock:
    clock = stage.world.clock
    if not isinstance(clock, WorldClock):
        raise Refused("unavailable", "This world's clock cannot be set.")
    return clock
