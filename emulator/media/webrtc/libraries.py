"""Libraries: imports in a thread what the first peer needs, before it comes.

aiortc and its dependencies take 0.15 s of a core and 40 MiB, which is saved without WebRTC. On a
machine that also runs an encoder and a browser that takes most of a second, and the first viewer
would wait for it. So the import begins with the first stream that has media, which somebody may
want to watch.
"""

import asyncio
import importlib
import logging

log = logging.getLogger(__name__)

# After this time the stream's first parts are out, and players have them.
_AFTER_SECONDS = 1.0
# They are imported one at a time, so that the emulator's end need not wait for all.
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
    """The import of the libraries. For the event loop's thread.

    It is no task: if it fails, only peers are affected.
    """

    def __init__(self) -> None:
        self._later: asyncio.TimerHandle | None = None
        self._importing: asyncio.Future[None] | None = None
        self._is_stopping = False

    async def ready(self) -> None:
        """Return once all libraries are imported."""
        # The caller may leave; the import is for all.
        await asyncio.shield(self._begin())

    def foresee(self) -> None:
        """Schedule the import: a stream has media, so somebody may watch it soon."""
        if self._later is None and not self._is_stopping:
            self._later = asyncio.get_running_loop().call_later(_AFTER_SECONDS, self._begin)

    def stop(self) -> None:
        self._is_stopping = True
        if self._later is not None:
            self._later.cancel()

    def _begin(self) -> "asyncio.Future[None]":
        importing = self._importing
        if importing is None or (importing.done() and importing.exception()):
            # A failed import, perhaps for lack of file handles, is tried again.
            importing = asyncio.get_running_loop().run_in_executor(None, self._import)
            importing.add_done_callback(_log_failure)
            self._importing = importing
        return importing

    def _import(self) -> None:
        for name in _NEEDED:
            if not self._is_stopping:
                importlib.import_module(name)


def _log_failure(importing: "asyncio.Future[None]") -> None:
    failure = None if importing.cancelled() else importing.exception()
    if failure is not None:
        log.error("WebRTC's libraries could not be imported", exc_info=failure)
