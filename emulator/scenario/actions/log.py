"""`log`: write a text into the report and on the progress line."""

from typing import ClassVar

from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.values.kinds import Text


class Log(Action):
    """Write a text into the report and on the progress line."""

    name: ClassVar[str] = "log"
    example: ClassVar[str] = "log: The surge begins."
    shorthand: ClassVar[str] = "says"

    says: Text

    def run(self, context: RunContext) -> None:
        context.run.note(self.says)
