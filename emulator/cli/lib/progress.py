"""Progress: how much of a work is done, and how long it will still take."""

import sys
from typing import TextIO

from emulator.cli.lib.line import LiveLine
from emulator.core.clock import monotonic_ms
from emulator.core.quantities import duration_text

# Before that, the pace of so far says little of the rest.
_PACE_MS = 1_000


def share_text(done: float, total: float | None) -> str:
    """`42 %`; empty where the total is not known."""
    return f"{min(100, int(100 * done / total))} %" if total else ""


def left_text(left_ms: float) -> str:
    """`1m20s left`, in whole seconds."""
    return f"{duration_text(max(0, round(left_ms / 1000)) * 1000)} left"


class Pace:
    """`text` says how far a work is that began when this was made."""

    def __init__(self) -> None:
        self._began_ms = monotonic_ms()

    def text(self, done: float, total: float | None) -> str:
        """`42 %, 1m20s left`; without the time while it cannot be known, empty without a total."""
        share = share_text(done, total)
        elapsed_ms = monotonic_ms() - self._began_ms
        if not share or not total or not 0 < done < total or elapsed_ms < _PACE_MS:
            return share
        return f"{share}, {left_text(elapsed_ms * (total - done) / done)}"


class Progress:
    """A work's line on a terminal: standard error, so that no pipe and no `--json` has it."""

    def __init__(self, what: str, total: float | None = None, out: TextIO | None = None) -> None:
        self._what = what
        self.total = total
        self._out = out or sys.stderr
        self._is_shown = self._out.isatty()
        self._line = LiveLine(self._out)
        self._pace = Pace()

    def show(self, done: float, detail: str = "") -> None:
        """So much of the total is done."""
        if self._is_shown:
            words = (self._what, self._pace.text(done, self.total), detail)
            self._line.show("  ".join(word for word in words if word))

    def end(self) -> None:
        """Take the line away: the result is printed in its place."""
        if self._is_shown:
            self._line.clear()
