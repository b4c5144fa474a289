"""`snapshot`: save the world as it is now, to come back to it."""

from typing import Annotated, ClassVar

from pydantic import Field

from emulator.core.errors import Refused
from emulator.scenario.actions.action import Action
from emulator.scenario.engine.run import RunContext


class Snapshot(Action):
    """Save the world as it is now, under a name. Needs a server."""

    name: ClassVar[str] = "snapshot"
    example: ClassVar[str] = "snapshot: before-the-raid"
    shorthand: ClassVar[str] = "called"

    called: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]

    def run(self, context: RunContext) -> None:
        keep = context.run.server.snapshot
        if keep is None:
            raise Refused("unavailable", "This run has no server that saves snapshots.")
        keep(self.called)
