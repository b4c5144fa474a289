"""Hosted: built-in publishers that this server runs on request, each in a process."""

import logging
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from emulator.core.errors import Refused

if TYPE_CHECKING:
    from emulator.media.publisher.config import PublishConfig
    from emulator.media.publisher.process import PublisherProcess

log = logging.getLogger(__name__)

# Each of them keeps one processor core busy with encoding.
HOSTED_MAX = 16


class Address(Struct, frozen=True):
    """The destination of a publisher: a server's URL without the key, and the CA for `rtmps`."""

    url: str
    ca: str = ""


class Hosted:
    """The hosted publishers of one world, by stream.

    They end with their stream, with the server, or by `stop`.
    """

    def __init__(self) -> None:
        self._running: dict[str, PublisherProcess] = {}

    async def start(
        self, stream_id: str, key: str, address: Address, settings: "PublishConfig"
    ) -> None:
        """Start a publisher, and return once it publishes.

        Refuses (`conflict`) a second publisher of a stream and one over `HOSTED_MAX`. A refusal of
        the ingest server is raised as it is.
        """
        from emulator.media.publisher.process import PublisherProcess

        self._sweep()
        if stream_id in self._running:
            raise Refused("conflict", "The built-in publisher publishes this stream already.")
        if len(self._running) >= HOSTED_MAX:
            raise Refused("conflict", f"{HOSTED_MAX} publishers run here already. Stop some.")
        process = PublisherProcess(
            address.url,
            key,
            ca=address.ca,
            settings=settings,
            on_failure=partial(self._on_failure, stream_id),
        )
        self._running[stream_id] = process
        try:
            await process.start_publishing()
        except Refused:
            await self.stop(stream_id)
            raise

    async def stop(self, stream_id: str) -> bool:
        """Stop a stream's publisher, as its stop button does; False where none runs."""
        process = self._running.pop(stream_id, None)
        if process is None:
            return False
        was_running = process.is_running
        await process.stop()
        return was_running

    async def stop_all(self) -> None:
        for stream_id in tuple(self._running):
            await self.stop(stream_id)

    def _on_failure(self, stream_id: str, message: str) -> None:
        """Log that a publisher failed while publishing; an earlier failure is raised by `start`."""
        process = self._running.get(stream_id)
        if process is not None and process.progress.state == "publishing":
            log.warning("the built-in publisher ended stream=%s reason=%s", stream_id, message)

    def _sweep(self) -> None:
        """Remove publishers that have ended by themselves."""
        for stream_id, process in tuple(self._running.items()):
            if not process.is_running:
                del self._running[stream_id]
