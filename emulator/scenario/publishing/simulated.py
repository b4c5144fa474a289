"""SimulatedPublisher: the built-in picture instead of an encoder, on whatever clock the world has.

It keeps the platform's rules: a stream whose publisher is gone waits for it as long as a real one,
and ends at the instant at which its picture stopped.
"""

from emulator.core.clock import Timer
from emulator.scenario.stage import Evening
from emulator.world.live import ingest_keys, streams

PROTOCOL = "simulated"


class SimulatedPublisher:
    """A publisher that costs no encoder, no socket and no disk."""

    def __init__(self, evening: Evening, stream_id: str) -> None:
        self._evening = evening
        self._stream_id = stream_id
        self._is_publishing = False
        self._patience: Timer | None = None

    async def start(self) -> None:
        self._join(is_return=False)

    async def stop(self, reason: str) -> None:
        self._leave(reason)

    async def drop(self) -> None:
        self._leave("the connection was lost")

    async def come_back(self) -> None:
        self._join(is_return=True)

    def _join(self, *, is_return: bool) -> None:
        world = self._evening.world
        key = streams.find(world, self._stream_id).stream_key
        stream = ingest_keys.judge(world, key, is_publishing=self._is_publishing)
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        ingest_keys.note_joined(world, stream.id, PROTOCOL, is_return=is_return)
        if not stream.has_media:
            streams.simulate(world, stream)
        self._is_publishing = True

    def _leave(self, reason: str) -> None:
        if not self._is_publishing:
            return
        world = self._evening.world
        self._is_publishing = False
        if streams.find(world, self._stream_id).status != "live":
            return
        stopped_ms = world.now_ms
        ingest_keys.note_left(world, self._stream_id, reason)
        self._patience = world.clock.call_at(
            stopped_ms + self._evening.server.reconnect_window_ms,
            lambda: self._give_up(stopped_ms, reason),
        )

    def _give_up(self, stopped_ms: int, reason: str) -> None:
        self._patience = None
        world = self._evening.world
        if streams.find(world, self._stream_id).status == "live":
            streams.end_when_media_stopped(world, self._stream_id, stopped_ms, reason)
