"""Libraries: what a first peer needs, imported in a thread before it is asked for.

aiortc and all below it take 0.15 s of a core and 40 MiB, which nobody pays without WebRTC. On
a machine that also runs an encoder and a browser that is most of a second, and the first viewer
would wait for it. So it begins with the first stream that has media: then there is something to
see.
"""

import asyncio
import importlib
import logging

log = logging.getLogger(__name__)

# By then the stream's first parts are out, and players have them.
_AFTER_SECONDS = 1.0
# One at a time: the emulator's end need not wait for all of them.
_NEEDED = (
    "aioice.ice",
    "av",
    "cryptography.x509",
    "OpenSSL.SSL",
    "aiortc.rtcdtlstransport",
    "emulator.media.webrtc.link",
    "emulator.media.webrtc.whip.publisher",
    "emulator.media.webrtc.whep.viewer",
    "emulator.media.webrtc.whep.fanout",
    "emulator.media.webrtc.sdp.answer",
)


class Libraries:
    """For the event loop's thread. Importing is no task: if it fails, only peers are concerned."""

    def __init__(self) -> None:
        self._later: asyncio.TimerHandle | None = None
        self._importing: asyncio.Future[None] | None = None
        self._is_stopping = False

    async def ready(self) -> None:
        """Return once all is there."""
        # The caller may go away; the import is for all.
        await asyncio.shield(self._begin())

    def foresee(self) -> None:
        """There is something to see, so somebody may want to watch it soon."""
        if self._later is None and not self._is_stopping:
            self._later = asyncio.get_running_loop().call_later(_AFTER_SECONDS, self._begin)

    def stop(self) -> None:
        self._is_stopping = True
        if self._later is not None:
            self._later.cancel()

    def _begin(self) -> "asyncio.Future[None]":
        importing = self._importing
        if importing is None or (importing.done() and importing.exception()):
            # What failed once, for want of file handles perhaps, is tried again.
            importing = asyncio.get_running_loop().run_in_executor(None, self._import)
            importing.add_done_callback(_tell)
            self._importing = importing
        return importing

    def _import(self) -> None:
        for name in _NEEDED:
            if not self._is_stopping:
                importlib.import_module(name)


def _tell(importing: "asyncio.Future[None]") -> None:
    failure = None if importing.cancelled() else importing.exception()
    if failure is not None:
        log.error("WebRTC's libraries could not be imported", exc_info=failure)
