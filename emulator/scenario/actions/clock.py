"""`clock.*`: the world's time: skip time, stop it, or change its speed."""

from typing import Annotated, ClassVar

from pydantic import Field

from emulator.core.world_clock import SPEED_MAX, SPEED_MIN
from emulator.scenario.actions.action import Action, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Duration


class ClockAdvance(Action):
    """Skip time, with everything that is due in it. On the virtual clock this is a `wait`."""

    name: ClassVar[str] = "clock.advance"
    example: ClassVar[str] = "clock.advance: 1h"
    shorthand: ClassVar[str] = "time"

    time: Duration

    def run(self, context: RunContext) -> Ticks:
        if not context.run.is_virtual:
            # This is called inside the run: the timers that it triggers belong to the world, not to
            # it.
            context.run.clock.advance(self.time)
            return
        yield self.time


class ClockFreeze(Action):
    """Stop the world's time for this long of real time. Does nothing on the virtual clock."""

    name: ClassVar[str] = "clock.freeze"
    example: ClassVar[str] = "clock.freeze: 2s"
    shorthand: ClassVar[str] = "time"

    time: Duration

    async def run(self, context: RunContext) -> None:
        if context.run.is_virtual:
            return
        import asyncio

        clock = context.run.clock
        speed = clock.speed or 1.0
        clock.freeze()
        try:
            await asyncio.sleep(self.time / 1000)
        finally:
            clock.run(speed)


class ClockSpeed(Action):
    """Let the world's time run this many times faster. Does nothing on the virtual clock."""

    name: ClassVar[str] = "clock.speed"
    example: ClassVar[str] = "clock.speed: 10"
    shorthand: ClassVar[str] = "speed"

    speed: Annotated[float | int, Field(ge=SPEED_MIN, le=SPEED_MAX)]

    def run(self, context: RunContext) -> None:
        if not context.run.is_virtual:
            context.run.clock.run(self.speed)
