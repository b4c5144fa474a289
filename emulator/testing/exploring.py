"""Exploring: what a run of an exploration does with the worlds of its tests."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.testing.own_world import OwnWorld

# Named by both sides: where a run's plan is, and where it says what its worlds saw.
PLAN_VARIABLE = "LIVE_EMULATOR_PLAN"
USES_VARIABLE = "LIVE_EMULATOR_USES"


def attach(world: "OwnWorld") -> None:
    """Give a test's world the faults of this run's plan, if this is a run of an exploration."""
    path = os.environ.get(PLAN_VARIABLE)
    if path is None:
        return
    from msgspec import to_builtins

    from emulator.exploration.injector import Injector
    from emulator.exploration.plan import check_names, read_file
    from emulator.world.faults.plans import parse

    written = read_file(Path(path))
    uses_path = os.environ.get(USES_VARIABLE)
    if uses_path is None:  # Somebody has written it, rather than an exploration.
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
