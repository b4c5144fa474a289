"""Progress: how much work is done, and how long the rest will take."""

import sys
from typing import IO, TextIO

from emulator.cli.lib.line import LiveLine
from emulator.core.clock import monotonic_ms
from emulator.core.quantities import duration_text

# Before this, the pace so far is no good estimate for the rest.
_PACE_MS = 1_000
_REDRAW_MS = 100


def progress_text(share: float | None, remaining_seconds: float | None) -> str:
    """A text such as `42 %, 1m20s left`, from a share of 0 to 1; unknown values are left out."""
    if share is None:
        return ""
    done = f"{int(100 * min(1, max(0, share)))} %"
    if remaining_seconds is None or share >= 1:
        return done
    return f"{done}, {duration_text(max(0, round(remaining_seconds)) * 1000)} left"


class ProgressFile:
    """A file whose read or written bytes are shown as progress."""

    def __init__(self, file: IO[bytes], progress: "Progress") -> None:
        self._file = file
        self._progress = progress
        self._done = 0

    def read(self, count: int = -1) -> bytes:
        return self._count(self._file.read(count))

    def write(self, content: bytes) -> int:
        return self._file.write(self._count(content))

    def _count(self, content: bytes) -> bytes:
        self._done += len(content)
        self._progress.show(self._done)
        return content


class Progress:
    """A progress line on a terminal, on standard error, so that pipes and `--json` do not get it.

    `total` may be set once it is known. The time left is estimated from the pace so far.
    """

    def __init__(self, what: str, total: float | None = None, out: TextIO | None = None) -> None:
        self._what = what
        self.total = total
        self._out = out or sys.stderr
        self._is_shown = self._out.isatty()
        self._line = LiveLine(self._out)
        self._began_ms = monotonic_ms()
        self._drawn_ms = self._began_ms - _REDRAW_MS

    def show(self, done: float, detail: str = "") -> None:
        """Show how much of the total is done. Call it often: it redraws only now and then."""
        if self._is_shown and monotonic_ms() - self._drawn_ms >= _REDRAW_MS:
            self._drawn_ms = monotonic_ms()
            share = min(1.0, done / self.total) if self.total else None
            words = (self._what, progress_text(share, self._remaining_seconds(share)), detail)
            self._line.show("  ".join(word for word in words if word))

    def end(self) -> None:
        """Remove the line, so that the result is printed in its place."""
        self._line.clear()

    def _remaining_seconds(self, share: float | None) -> float | None:
        elapsed_ms = monotonic_ms() - self._began_ms
        if not share or elapsed_ms < _PACE_MS:
            return None
        return elapsed_ms / 1000 * (1 - share) / share
