"""`wait`: let time pass before the step below."""

from typing import ClassVar

from emulator.scenario.actions.action import Action, Ticks
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Duration


class Wait(Action):
    """Let time pass before the step below."""

    name: ClassVar[str] = "wait"
    example: ClassVar[str] = "wait: 10s"
    shorthand: ClassVar[str] = "time"

    time: Duration

    def run(self, context: RunContext) -> Ticks:  # noqa: ARG002 -- it needs nothing but time
        yield self.time
