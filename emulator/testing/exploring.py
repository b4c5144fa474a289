"""Exploring: gives the worlds of tests the faults of an exploration's run."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.testing.own_world import OwnWorld

# Set by the exploration, read here: the file of the run's plan, and one for what its worlds saw.
PLAN_VARIABLE = "LIVE_EMULATOR_PLAN"
USES_VARIABLE = "LIVE_EMULATOR_USES"


def attach(world: "OwnWorld") -> None:
    """Start the faults of the run's plan in a test's world, if an exploration runs these tests."""
    path = os.environ.get(PLAN_VARIABLE)
    if path is None:
        return
    from msgspec import to_builtins

    from emulator.exploration.injector import Injector
    from emulator.exploration.plan import check_names, read_file
    from emulator.world.faults.plans import parse

    written = read_file(Path(path))
    uses_path = os.environ.get(USES_VARIABLE)
    if uses_path is None:  # A person wrote the plan, not an exploration.
        check_names(Path(path), written)
    plan = parse(written)
    injector = world.emulator.call(lambda: Injector(world.platform, plan))

    def finish() -> None:
        def look() -> object:
            seen = to_builtins(injector.seen())
            injector.close()
            return seen

        line = json.dumps(world.emulator.call(look)) + "\n"
        if uses_path is None:
            return
        with Path(uses_path).open("a", encoding="utf-8") as file:
            file.write(line)

    world.when_dropped.append(finish)
