"""The one thread that writes live recordings, so that the event loop never waits for a disk.

Each recording is a `SegmentWriter`, whose calls only put a job in a queue. The queue of each
recording is bounded; over the bound, or when the disk fails, that recording fails once, with a
named reason, and the stream itself goes on. Bytes are written before the index line that names
them.

No write waits until the disk itself has the data: a killed process loses nothing that it wrote, and
with a disk that takes 50 ms to confirm a segment, those of twenty streams would pile up in memory.
When a machine loses its power, it loses the data that its system has not written by itself; the
sizes of files show which that is.
"""

import asyncio
import contextlib
import errno
import logging
import threading
from collections import deque
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from emulator.media.hls.segments import StoredPart

log = logging.getLogger(__name__)

FailureReason = Literal["disk_full", "disk_too_slow", "disk_error"]


class RecordingFailed(Struct, frozen=True):
    """The reason why a recording gets no more media."""

    reason: FailureReason
    message: str


OnFailure = Callable[[RecordingFailed], None]
Job = Callable[[], None]


class WriterThread:
    """Owns the thread, which starts with the first job and ends with `close`.

    The event loop's thread puts jobs. Those of one turn of the loop are handed over together at its
    end: the thread wakes once, and does not compete for the interpreter while the loop works.
    """

    def __init__(
        self,
        *,
        pending_bytes_max: int = 16 * 1024 * 1024,
        open_file: Callable[[Path, str], FileIO] = FileIO,
    ) -> None:
        self.pending_bytes_max = pending_bytes_max
        self.open_file = open_file
        self._turn: list[Job] = []
        self._queue: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def segment_writer(self, folder: Path, on_failure: OnFailure) -> "SegmentWriter":
        """A writer for one recording in `folder`. `on_failure` is called on this event loop."""
        return SegmentWriter(self, folder, on_failure, asyncio.get_running_loop())

    def put(self, job: Job) -> None:
        if not self._turn:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._turn.append(job)

    async def close(self) -> None:
        """Write all queued jobs, then end the thread."""
        self._hand_over()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)

    def _hand_over(self) -> None:
        turn, self._turn = self._turn, []
        if not turn:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hls-writer", daemon=True)
            self._thread.start()
        self._queue.put(turn)

    def _run(self) -> None:
        while (jobs := self._queue.get()) is not None:
            for job in jobs:
                job()


class SegmentWriter:
    """The files of one recording.

    Public methods are for the event loop's thread, the others for the writer's.
    """

    def __init__(
        self,
        writer: WriterThread,
        folder: Path,
        on_failure: OnFailure,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.folder = folder
        self.failure: RecordingFailed | None = None
        self._writer = writer
        self._on_failure = on_failure
        self._loop = loop
        # Two sums, so that each has one thread that adds to it, and none needs a lock.
        self._put_bytes = 0
        self._done_bytes = 0
        self._lock = threading.Lock()
        self._index: FileIO | None = None
        self._segment: FileIO | None = None
        self._segment_name = ""
        self._parts: deque[_WaitingPart] = deque()

    def note(self, line: bytes) -> None:
        """Write an index line that names no bytes."""
        self._put(len(line), lambda: self._write_line(line))

    def whole(self, name: str, content: bytes, line: bytes) -> None:
        """Write a whole file (an init segment), then its line."""

        def act() -> None:
            with self._writer.open_file(self.folder / name, "w") as file:
                _write(file, content)
            self._write_line(line)

        self._put(len(content), act)

    def part(self, segment_name: str, part: "StoredPart", line: bytes) -> None:
        """Append a part to its segment's file, then its line; then `part.is_written`."""
        content = part.content
        if content is None:
            raise ValueError("a part is written from memory")
        waiting_part = _WaitingPart(segment_name, part, content, line)
        self._put(len(content), lambda: self._write_parts(part), waiting_part)

    def end_segment(self, line: bytes) -> None:
        """Write the line of the open segment, which is complete."""

        def act() -> None:
            self._close_segment()
            self._write_line(line)

        self._put(len(line), act)

    def finish(self, line: bytes, done: Job) -> None:
        """Write the last line and close all files, then call `done` on the event loop.

        This is done after a failure too: the media written before it is still a recording.
        """

        def act() -> None:
            # A full disk has failed already; the recovery at the next start repairs the recording.
            with contextlib.suppress(OSError):
                self._write_line(line)
            self._close_files()
            self._call_on_loop(done)

        self._writer.put(act)

    def _put(self, length: int, act: Job, waiting_part: "_WaitingPart | None" = None) -> None:
        if self.failure is not None:
            return
        self._put_bytes += length
        if self._put_bytes - self._done_bytes > self._writer.pending_bytes_max:
            pending_mib = self._writer.pending_bytes_max >> 20
            message = f"The disk is too slow: more than {pending_mib} MiB wait to be written."
            self._fail("disk_too_slow", message)
            return
        if waiting_part is not None:
            self._parts.append(waiting_part)

        def job() -> None:
            # Jobs after a failed one are dropped: they would leave a hole.
            try:
                if self.failure is None:
                    act()
                else:
                    self._parts.clear()
            except OSError as error:
                self._fail(*_named(error, self.folder))
            finally:
                self._done_bytes += length

        self._writer.put(job)

    def _fail(self, reason: FailureReason, message: str) -> None:
        with self._lock:
            if self.failure is not None:
                return
            self.failure = RecordingFailed(reason, message)
        log.error("recording failed folder=%s reason=%s", self.folder.name, reason)
        failure = self.failure
        self._call_on_loop(lambda: self._on_failure(failure))

    def _call_on_loop(self, act: Job) -> None:
        # The loop may be closed when the process stops; then nobody waits for the call.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act)

    def _write_parts(self, first: "StoredPart") -> None:
        """Write a part, unless it is written, with the parts of its segment that wait behind it.

        After each write this thread waits for the interpreter. On a busy machine that is longer
        than a part lasts, so that more would wait after each one.
        """
        if first.is_written:
            return
        name, parts = self._parts[0].segment_name, []
        while self._parts and self._parts[0].segment_name == name:
            parts.append(self._parts.popleft())
        _write(self._segment_file(name), b"".join([waiting.content for waiting in parts]))
        self._write_line(b"".join([waiting.line for waiting in parts]))
        for waiting in parts:
            waiting.part.is_written = True

    def _segment_file(self, name: str) -> FileIO:
        if self._segment is None or self._segment_name != name:
            self._close_segment()
            self._segment = self._writer.open_file(self.folder / name, "w")
            self._segment_name = name
        return self._segment

    def _write_line(self, line: bytes) -> None:
        if self._index is None:
            from emulator.media.hls.index import NAME as INDEX_NAME

            self.folder.mkdir(parents=True, exist_ok=True)
            self._index = self._writer.open_file(self.folder / INDEX_NAME, "a")
            if self._index.tell():
                _write(self._index, b"\n")  # Ends a line that a killed process left unfinished.
        _write(self._index, line)

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _close_files(self) -> None:
        for file in (self._segment, self._index):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._segment = self._index = None


class _WaitingPart(NamedTuple):
    segment_name: str
    part: "StoredPart"
    content: bytes
    line: bytes


def _write(file: FileIO, content: bytes) -> None:
    """Write all of the content: one write may take less than that, also on an almost full disk."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]


def _named(error: OSError, folder: Path) -> tuple[FailureReason, str]:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full", f"The disk is full: {folder.name} is no longer recorded."
    return "disk_error", f"{folder.name} is no longer recorded: {error.strerror}."
