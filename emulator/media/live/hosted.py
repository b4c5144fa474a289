"""Hosted: built-in publishers that this server was asked to run, each a process of its own."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.core.errors import Refused

if TYPE_CHECKING:
    from emulator.media.publisher.process import PublisherProcess
    from emulator.media.publisher.settings import PublishSettings

# Each encodes on a core of its own.
HOSTED_MAX = 16
# A slow machine starts an encoder in a few seconds; whatever takes longer is broken.
_START_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where they send: a server's address without the key, and what `rtmps` has to trust."""

    url: str
    ca: str = ""


class Hosted:
    """One world's, by stream. They end with their stream, with the server, or when told to."""

    def __init__(self) -> None:
        self._running: dict[str, PublisherProcess] = {}

    async def start(
        self, stream_id: str, key: str, address: Address, settings: "PublishSettings"
    ) -> None:
        """Returns once it publishes. Refuses (`conflict`) a second one, and what it is refused."""
        from emulator.media.publisher.process import PublisherProcess

        self._sweep()
        if stream_id in self._running:
            raise Refused("conflict", "The built-in publisher publishes this stream already.")
        if len(self._running) >= HOSTED_MAX:
            raise Refused("conflict", f"{HOSTED_MAX} publishers run here already. Stop some.")
        is_publishing = asyncio.Event()

        def hear(progress: Any) -> None:
            if progress.state == "publishing":
                is_publishing.set()

        process = PublisherProcess(
            address.url, key, ca=address.ca, settings=settings, on_progress=hear
        )
        self._running[stream_id] = process
        await process.start()
        # Shielded: who waits for a process may give up, and the process must not.
        ended = asyncio.shield(process.wait())
        waits: list[asyncio.Future[Any]] = [asyncio.create_task(is_publishing.wait()), ended]
        await asyncio.wait(waits, timeout=_START_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        if not is_publishing.is_set():
            await self.stop(stream_id)
            raise Refused("conflict", process.failure or "The publisher could not start in time.")

    async def stop(self, stream_id: str) -> bool:
        """End a stream's, as its stop button does; False where there is none."""
        process = self._running.pop(stream_id, None)
        if process is None:
            return False
        was_running = process.is_running
        await process.stop()
        return was_running

    async def stop_all(self) -> None:
        for stream_id in tuple(self._running):
            await self.stop(stream_id)

    def _sweep(self) -> None:
        """Forget those that have ended by themselves."""
        for stream_id, process in tuple(self._running.items()):
            if not process.is_running:
                del self._running[stream_id]
