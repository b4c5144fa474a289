"""LiveLine: one line that says how things stand: redrawn on a terminal, now and then elsewhere."""

import shutil
import sys
from typing import TextIO

from emulator.cli.lib.colour import Colour, paint, paint_addresses
from emulator.cli.lib.plain import plain, plain_lines
from emulator.core.clock import monotonic_ms


class LiveLine:
    """`show` may be called often. Without a terminal it prints a line every `calm_ms` at most."""

    def __init__(self, out: TextIO | None = None, calm_ms: int = 5_000) -> None:
        self._out = out or sys.stdout
        self._is_terminal = self._out.isatty()
        self._calm_ms = calm_ms
        self._shown_ms: int | None = None
        self._is_drawn = False

    def show(self, text: str) -> None:
        """Say how things stand now."""
        if self._is_terminal:
            text = plain(text)
            columns = shutil.get_terminal_size().columns
            # Back to the line's start, the text, and erase the rest (ECMA-48, EL).
            self._write(f"\r{text[: columns - 1]}\x1b[K")
            self._is_drawn = True
        elif self._shown_ms is None or monotonic_ms() - self._shown_ms >= self._calm_ms:
            self._shown_ms = monotonic_ms()
            self._write(plain(text) + "\n")

    def say(self, text: str, *colours: Colour | None) -> None:
        """Print a line that stays, whatever was shown before."""
        self.end()
        text = plain_lines(text)
        painted = (
            paint(text, *colours, out=self._out) if colours else paint_addresses(text, self._out)
        )
        self._write(painted + "\n")

    def clear(self) -> None:
        """Take the shown line away: what is printed next stands in its place."""
        if self._is_drawn:
            self._write("\r\x1b[K")
            self._is_drawn = False

    def end(self) -> None:
        """Leave the shown line as it is and go on below it."""
        if self._is_drawn:
            self._write("\n")
            self._is_drawn = False

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
