"""Log writer: writes log lines to stderr in its own thread, so that nobody waits for the reader.

A pipe that nobody reads is full after 64 KiB, and a terminal stops after Ctrl-S. A line written by
the thread that logs it would then block the event loop, and with it every client.
"""

import io
import logging
import os
from collections import deque
from threading import Condition, Thread
from typing import TextIO

# Some hundred kilobytes, which are written in a moment when a reader continues.
WAITING_MAX = 5_000
# The time that the program's end waits for a reader that may have gone.
_FLUSH_SECONDS = 1
_DROPPED = "{} lines of the log were dropped: nobody read it\n"


class LogWriter(logging.StreamHandler[TextIO]):
    """Writes to `stream`. While `waiting_max` lines wait, further lines are dropped.

    The next written line says how many were dropped. A stream without a file descriptor, as in
    tests, is written to at once.
    """

    def __init__(self, stream: TextIO, waiting_max: int = WAITING_MAX) -> None:
        super().__init__(stream)
        self._file = _file_below(stream)
        self._waiting_max = waiting_max
        self._waiting: deque[str] = deque()
        self._dropped = 0
        self._changed = Condition()
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._file is None:
            super().emit(record)
            return
        try:
            self._put(self._file, self.format(record) + self.terminator)
        except Exception:  # As `logging` does: an error in a line goes to stderr.
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all lines are written, for at most a second."""
        if self._file is None:
            if not self.stream.closed:
                super().flush()
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting, timeout=_FLUSH_SECONDS)

    def close(self) -> None:
        """End the thread; later lines are written by the thread that logs them."""
        self.flush()
        self._file = None
        super().close()

    def _put(self, file: io.RawIOBase, line: str) -> None:
        with self._changed:
            if len(self._waiting) >= self._waiting_max:
                self._dropped += 1
                return
            self._waiting.append(line)
            if self._thread is None:
                self._thread = Thread(target=self._run, args=(file,), daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self, file: io.RawIOBase) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                lines = list(self._waiting)
            _write(file, "".join(lines))
            with self._changed:
                for _ in lines:
                    self._waiting.popleft()
                dropped, self._dropped = self._dropped, 0
                if dropped:
                    self._waiting.append(_DROPPED.format(dropped))
                self._changed.notify_all()


def _write(file: io.RawIOBase, text: str) -> None:
    content = memoryview(text.replace("\n", os.linesep).encode("utf-8", "backslashreplace"))
    try:
        while content:
            content = content[file.write(content) or 0 :]
    except (OSError, ValueError):
        # The reader is gone, so there is nobody left to report this to.
        return


def _file_below(stream: TextIO) -> io.RawIOBase | None:
    """The raw file below `stream`, which has no lock that the program's end would wait for."""
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)
    return file if isinstance(file, io.RawIOBase) else None
