"""Text from outside has no effect on the terminal."""

import io
import logging

import pytest

from emulator.cli.lib import logs
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.plain import plain, plain_lines

# Colours, a title, the cursor's home position; a bell; a change of text direction; a line end.
EVIL = "\x1b[31mred\x1b]0;title\x07\x1b[H\u202egnp.exe\u2066\u2028\r\n\x9b2J\u200f"


def test_plain_keeps_printable_text_and_nothing_else() -> None:
    assert plain(EVIL).isprintable()
    assert len(plain(EVIL)) == len(EVIL)
    assert plain("Grüße, 日本 🎉") == "Grüße, 日本 🎉"
    assert plain_lines("a\nb\x1b[2J") == "a\nb [2J"


def test_plain_live_line_shows_titles_plainly() -> None:
    out = io.StringIO()
    line = LiveLine(out, calm_ms=0)
    line.show(EVIL)
    line.say(EVIL)
    assert all(shown.isprintable() for shown in out.getvalue().split("\n"))


def test_plain_log_lines_are_plain(capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    try:
        logs.set_up("text")
        logging.getLogger("x").warning("peer said %s", EVIL)
        logging.getLogger().handlers[0].flush()
    finally:
        logging.getLogger().handlers[:] = before
    [line] = capfd.readouterr().err.splitlines()
    assert line.isprintable()
