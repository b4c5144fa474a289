"""SimulatedPublisher: the built-in picture instead of an encoder, on any clock of the world.

The world implements it (`world/live/synthetic`) with the platform's rules: a stream whose publisher
left waits for it as for a real one, and shows no media of that time.
"""

from collections.abc import Mapping
from typing import Any

from emulator.scenario.engine.run import Run
from emulator.world.live import streams, synthetic

# A real encoder keeps its connection when anything else changes.
_NEEDS_ANOTHER_ENCODER = ("width", "height", "fps")


class SimulatedPublisher:
    """A publisher without an encoder, a socket or files."""

    def __init__(self, run: Run, stream_id: str) -> None:
        self._run = run
        self._stream_id = stream_id
        self._again: Mapping[str, Any] = {}

    async def start(self) -> None:
        world = self._run.world
        synthetic.start(world, streams.find(world, self._stream_id))

    async def stop(self, reason: str) -> None:
        self._leave(reason)

    async def drop(self) -> None:
        self._leave("the connection was lost")

    async def come_back(self) -> None:
        await self.start()

    async def change(self, patch: Mapping[str, Any]) -> None:
        """Reconnect where a real encoder would; the built-in picture itself does not change."""
        again = {name: value for name, value in patch.items() if name in _NEEDS_ANOTHER_ENCODER}
        if again != self._again:
            self._again = again
            self._leave("the publisher stopped")
            await self.start()

    def _leave(self, reason: str) -> None:
        world = self._run.world
        stream = streams.find(world, self._stream_id)
        if synthetic.is_publishing(world, stream):
            synthetic.stop(world, stream, reason)
