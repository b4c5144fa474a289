"""Ladder: one live stream's renditions, from the loop's side: which are made, which are dropped.

The encoders work in a thread, behind a queue. When they fall behind, the largest rendition is
dropped, then the next: the source itself is passed through and never waits.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from emulator.media.hls.stream import HlsStream
from emulator.media.renditions.worker import RenditionPart, RenditionWorker
from emulator.media.ticks import TICKS_PER_MS
from emulator.media.timeline import Sequenced

log = logging.getLogger(__name__)

_Job = Sequenced | Literal["pause", "finish"]


class Rung(Struct):
    """One rendition, with its own CDN uid."""

    name: str
    uid: str
    hls_stream: HlsStream
    is_dropped: bool = False


class Ladder:
    """The renditions of one stream, largest first. For the loop's thread.

    `on_drop` is called with a dropped rendition and the reason, in a sentence.
    """

    def __init__(
        self,
        rungs: Sequence[Rung],
        *,
        part_ms: int,
        segment_ms: int,
        behind_ms: int,
        on_drop: Callable[[Rung, str], None],
    ) -> None:
        self._rungs = tuple(rungs)
        self._behind_max = behind_ms * TICKS_PER_MS
        self._on_drop = on_drop
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._pushed = self._done = 0
        self._patient_until = 0
        self._is_finished = False
        self._ended = asyncio.Event()
        self.warnings: tuple[str, ...] = ()
        names = tuple(rung.name for rung in self._rungs)
        self._thread = threading.Thread(
            target=self._work, args=(names, part_ms, segment_ms), name="renditions", daemon=True
        )
        self._thread.start()

    @property
    def rungs(self) -> list[Rung]:
        """The renditions that are still made."""
        return [rung for rung in self._rungs if not rung.is_dropped]

    @property
    def is_over(self) -> bool:
        return self._ended.is_set()

    @property
    def behind_ms(self) -> int:
        """The length of the stream that waits to be encoded."""
        return max(0, self._pushed - self._done) // TICKS_PER_MS

    def push(self, sequenced: Sequenced) -> None:
        """Take the source's next packets, with the times of its timeline."""
        if self._is_finished or not self.rungs:
            return
        self._pushed = max(self._pushed, _end(sequenced))
        self._jobs.put(sequenced)
        if self._pushed - self._done > self._behind_max and self._pushed >= self._patient_until:
            self._drop_largest()

    def pause(self) -> None:
        """Note that the publisher left, perhaps to come back."""
        self._jobs.put("pause")

    def finish(self) -> None:
        """Note that no more media will come. All queued media is still encoded."""
        if not self._is_finished:
            self._is_finished = True
            self._jobs.put("finish")

    async def ended(self) -> None:
        """Return when the last part of a finished stream has been written."""
        await self._ended.wait()

    def _drop_largest(self) -> None:
        largest = self.rungs[0]
        # The queue was filled for one rendition more: the others get time to catch up.
        self._patient_until = self._pushed + self._behind_max
        self._drop(
            largest,
            f"Rendition {largest.name} was dropped: this machine is too slow to encode it with "
            "the others. Ask for fewer or smaller ones (--renditions).",
        )

    def _drop(self, rung: Rung, message: str) -> None:
        rung.is_dropped = True
        rung.hls_stream.withdraw()
        self.warnings += (message,)
        log.warning("rendition dropped name=%s uid=%s", rung.name, rung.uid)
        self._on_drop(rung, message)

    # The methods that run in the thread.

    def _work(self, names: tuple[str, ...], part_ms: int, segment_ms: int) -> None:
        try:
            self._encode_all(RenditionWorker(names, part_ms=part_ms, segment_ms=segment_ms))
        except Exception:  # The root of a thread: the source goes on without renditions.
            log.exception("renditions failed")
            self._call_on_loop(self._fail)
        self._call_on_loop(self._end)

    def _encode_all(self, worker: RenditionWorker) -> None:
        while (job := self._jobs.get()) != "finish":
            for number, rung in enumerate(self._rungs):
                if rung.is_dropped:
                    worker.drop(number)
            if job == "pause":
                self._deliver(worker.pause())
                self._call_on_loop(self._pause)
            elif isinstance(job, Sequenced) and self.rungs:
                self._deliver(worker.take(job))
                self._done = max(self._done, _end(job))
        self._deliver(worker.flush())

    def _deliver(self, cuts: list[RenditionPart]) -> None:
        if cuts:
            self._call_on_loop(lambda: self._keep(cuts))

    def _call_on_loop(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # The loop has closed: nobody waits for the result any more.
            log.debug("renditions came too late")

    # The methods that the thread calls on the loop.

    def _keep(self, cuts: list[RenditionPart]) -> None:
        for cut in cuts:
            rung = self._rungs[cut.rung]
            if rung.is_dropped or rung.hls_stream.window.is_finished:
                continue
            if cut.init is not None:
                rung.hls_stream.begin(cut.init, cut.part)
            rung.hls_stream.append(cut.part, cut.content)

    def _pause(self) -> None:
        for rung in self.rungs:
            rung.hls_stream.pause()

    def _fail(self) -> None:
        self._is_finished = True
        for rung in self.rungs:
            self._drop(rung, f"Rendition {rung.name} was dropped: its encoder failed.")

    def _end(self) -> None:
        for rung in self.rungs:
            rung.hls_stream.finish()
        self._ended.set()


def _end(sequenced: Sequenced) -> int:
    return max(packet.ticks for packet in sequenced.packets)
