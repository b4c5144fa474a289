"""RealPublisher: the built-in publisher as a process, over real RTMP, RTMPS or WHIP."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.scenario.engine.run import Run
from emulator.world.live import streams

if TYPE_CHECKING:
    from emulator.media.publisher.config import PublishConfig
    from emulator.media.publisher.process import PublisherProcess

Protocol = Literal["rtmp", "rtmps", "whip"]


class RealPublisher:
    """Publishes a test picture or a file to the address of the run's server."""

    def __init__(
        self, run: Run, stream_id: str, protocol: Protocol, settings: "PublishConfig"
    ) -> None:
        self._run = run
        self._stream_id = stream_id
        self._protocol = protocol
        self._first = self._settings = settings
        self._process: PublisherProcess | None = None

    async def start(self) -> None:
        from emulator.media.publisher.process import PublisherProcess

        server = self._run.server
        urls = {"rtmp": server.rtmp, "rtmps": server.rtmps, "whip": server.media}
        stream = streams.find(self._run.world, self._stream_id)
        process = self._process = PublisherProcess(
            urls[self._protocol],
            stream.stream_key,
            ca=server.ca,
            settings=replace(self._settings, name="scenario"),
        )
        try:
            await process.start_publishing()
        except Refused:
            await process.stop()
            raise

    async def stop(self, reason: str) -> None:  # noqa: ARG002 -- the platform gives its own
        if self._process is not None:
            await self._process.stop()

    async def drop(self) -> None:
        if self._process is not None:
            await self._process.kill()

    async def come_back(self) -> None:
        await self.start()

    async def change(self, patch: Mapping[str, Any]) -> None:
        from emulator.media.publisher.config import LIVE_SETTINGS

        before = self._settings
        try:
            after = self._settings = replace(self._first, **patch)
        except ValueError as error:
            raise Refused("invalid", str(error)) from None
        changes = {name: getattr(after, name) for name in sorted(LIVE_SETTINGS)}
        is_changed_live = after.file is None and replace(before, **changes) == after
        if is_changed_live and self._process is not None:
            await self._process.change(changes)
        else:
            await self.stop("it reconnects with other settings")
            await self.start()
