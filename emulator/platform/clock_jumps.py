"""ClockJumps: the clock faults of one world (`world/faults/clock`)."""

import asyncio
import logging

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.faults import FaultStarted
from emulator.core.service import Service
from emulator.core.world_clock import WorldClock
from emulator.world.faults.clock import ClockJump
from emulator.world.world import World

log = logging.getLogger(__name__)


class ClockJumps(Service):
    """Makes the clock jump when a `clock.jump` fault is started; logs a jump that it refuses."""

    def __init__(self, world: World, clock: WorldClock, tasks: asyncio.TaskGroup) -> None:
        self._world = world
        self._clock = clock
        self._tasks = tasks
        self._jumps: set[asyncio.Task[None]] = set()

    def handlers(self) -> Handlers:
        return {FaultStarted: self._on_fault}

    async def stop(self, _: str) -> None:
        for task in self._jumps:
            task.cancel()

    def _on_fault(self, event: FaultStarted) -> None:
        if event.kind != ClockJump.kind:
            return
        for active in self._world.faults.on(ClockJump):
            if active.id == event.fault_id and self._world.faults.draws(active):
                self._world.faults.note(active, "the world's clock")
                task = self._tasks.create_task(self._jump(active.fault.by_ms))
                self._jumps.add(task)
                task.add_done_callback(self._jumps.discard)

    async def _jump(self, by_ms: int) -> None:
        try:
            await self._clock.pass_time(by_ms)
        except Refused as refused:
            log.warning("the clock did not jump world=%s reason=%s", self._world.name, refused)
