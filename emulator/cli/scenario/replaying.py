"""`scenario run LOG.jsonl`: replays an event log in a world without a server."""

import asyncio
from pathlib import Path
from typing import Any

from emulator.core.bus import Bus
from emulator.core.clock import monotonic_ms
from emulator.core.world_clock import WorldClock
from emulator.scenario import files
from emulator.scenario.engine.run import Run
from emulator.scenario.engine.runner import Runner
from emulator.scenario.output.document import document
from emulator.scenario.output.fold import Fold
from emulator.scenario.record.replay import read
from emulator.world.world import World

SUFFIX = ".jsonl"


def replay(path: Path, speed: float) -> dict[str, Any]:
    """Replay a log and return its report. At a `speed` of 0 time jumps."""
    scenario = read(files.log_of(path), str(path))

    async def play() -> dict[str, Any]:
        clock, bus = WorldClock(), Bus()
        if speed:
            clock.run(speed)
        else:
            clock.freeze()
        world = World(clock=clock, publish=bus.publish, name="replay")
        run = Run(world=world, clock=clock, scenario=scenario, is_virtual=not speed)
        runner = Runner(run, bus.subscribe)
        fold = Fold(runner)
        bus.subscribe(fold.handlers())
        began_ms = monotonic_ms()
        async for result in runner.play():
            fold.take(result)
        text = "virtual" if not speed else f"{speed:g}x"
        values = document(fold, clock=text, wall_ms=monotonic_ms() - began_ms)
        clock.close()
        world.close()
        return values

    return asyncio.run(play())
