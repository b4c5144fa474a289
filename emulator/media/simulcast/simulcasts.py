"""Simulcasts: pushes live streams to targets, one task each, with retries on the world's clock."""

import asyncio
import logging
from collections.abc import Callable

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.live import TargetAdded, TargetRemoved
from emulator.core.service import Service
from emulator.media.simulcast.config import SimulcastConfig
from emulator.media.simulcast.feed import Feed
from emulator.world.live import streams, targets
from emulator.world.live.targets import SimulcastTarget
from emulator.world.world import World

log = logging.getLogger(__name__)

# The first wait is a second; each next one is twice as long, up to the maximum.
RETRY_MS, RETRY_MAX_MS = 1_000, 60_000


class Simulcasts(Service):
    """The simulcasts of one world, on the loop's thread. `feed_of` finds a live stream's feed."""

    def __init__(
        self,
        world: World,
        feed_of: Callable[[str], Feed | None],
        tasks: asyncio.TaskGroup,
        config: SimulcastConfig,
    ) -> None:
        self._world = world
        self._feed_of = feed_of
        self._tasks = tasks
        self._config = config
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Reset the state of all targets: none is pushed to after a start."""
        for target in targets.of_live_streams(self._world):
            targets.idle(self._world, target.id)

    def handlers(self) -> Handlers:
        return {TargetAdded: self._on_added, TargetRemoved: self._on_removed}

    def _on_added(self, event: TargetAdded) -> None:
        stream = streams.find(self._world, event.stream_id)
        if stream.has_media:
            self._start(targets.find(self._world, stream, event.target_id))

    def _on_removed(self, event: TargetRemoved) -> None:
        self._cancel(event.target_id)

    def start_targets(self, stream_id: str) -> None:
        """Push to a stream's targets, at its first picture. Its feed ends them with the stream."""
        for target in targets.of(self._world, streams.find(self._world, stream_id)):
            self._start(target)

    async def stop(self, _: str) -> None:
        """End the publish to every target."""
        running = tuple(self._running.values())
        if running:
            # Their streams have ended, so they are about to end by themselves.
            await asyncio.wait(running, timeout=2)
        for target_id in tuple(self._running):
            self._cancel(target_id)
        await asyncio.gather(*running, return_exceptions=True)

    def _start(self, target: SimulcastTarget) -> None:
        feed = self._feed_of(target.stream_id)
        if feed is None or feed.is_closed or target.id in self._running:
            return
        task = self._tasks.create_task(self._push(target, feed))
        self._running[target.id] = task
        task.add_done_callback(lambda _: self._forget(target.id, task))

    def _forget(self, target_id: str, task: asyncio.Task[None]) -> None:
        if self._running.get(target_id) is task:
            del self._running[target_id]

    def _cancel(self, target_id: str) -> None:
        task = self._running.pop(target_id, None)
        if task is not None:
            task.cancel()

    async def _push(self, target: SimulcastTarget, feed: Feed) -> None:
        """Push to a target as long as the stream is live, in as many connections as that takes."""
        end = _End()
        feed.join(end)
        try:
            while not feed.is_closed:
                targets.connecting(self._world, target.id)
                try:
                    await self._connect(target, feed)
                except Refused as refused:
                    await self._wait(target, refused.message, end)
                except Exception:  # The root of a task: a failure concerns one target alone.
                    log.exception("simulcast failed target=%s", target.id)
                    await self._wait(target, "The push failed: see the log.", end)
        finally:
            feed.leave(end)
        targets.idle(self._world, target.id)

    async def _connect(self, target: SimulcastTarget, feed: Feed) -> None:
        from emulator.media.simulcast.connection import (
            SimulcastConnection,  # Late: mostly unused.
        )

        def accepted() -> None:
            targets.accepted(self._world, target.id)
            log.info("simulcast is live stream=%s target=%s", target.stream_id, target.id)

        await SimulcastConnection(target.url, target.key, feed, self._config).run(accepted)

    async def _wait(self, target: SimulcastTarget, reason: str, end: "_End") -> None:
        """Wait for the next attempt, on the world's clock, or for the end of the stream."""
        now = targets.by_id(self._world, target.id)
        attempts = now.attempts if now is not None else 0
        due_ms = self._world.now_ms + min(RETRY_MAX_MS, RETRY_MS << min(attempts, 10))
        targets.failed(self._world, target.id, reason, due_ms)
        log.warning("simulcast failed target=%s reason=%s", target.id, reason)
        is_due = asyncio.Event()
        end.tell = is_due.set
        timer = self._world.clock.call_at(due_ms, is_due.set)
        try:
            if not end.has_come:
                await is_due.wait()
        finally:
            timer.cancel()


class _End:
    """A tap that only waits for the stream's end."""

    def __init__(self) -> None:
        self.has_come = False
        self.tell: Callable[[], None] = lambda: None

    def on_packet(self, _packet: object, _tracks: object) -> None:
        return

    def close(self) -> None:
        self.has_come = True
        self.tell()
