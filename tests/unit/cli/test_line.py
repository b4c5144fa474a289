"""LiveLine: redrawn on a terminal, printed now and then elsewhere."""

import io

from emulator.cli.lib.line import LiveLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_live_line_redraws_one_line_on_a_terminal() -> None:
    out = Terminal()
    line = LiveLine(out)

    line.show("live 0:01")
    line.show("live 0:02")
    line.say("ended")

    assert out.getvalue() == "\rlive 0:01\x1b[K\rlive 0:02\x1b[K\nended\n"


def test_live_line_writes_a_line_now_and_then_to_a_file() -> None:
    out = io.StringIO()
    line = LiveLine(out, calm_ms=3_600_000)

    line.show("live 0:01")
    line.show("live 0:02")
    line.say("ended")

    assert out.getvalue() == "live 0:01\nended\n"


def test_live_line_writes_every_line_to_a_file_without_a_limit() -> None:
    out = io.StringIO()
    line = LiveLine(out, calm_ms=0)

    line.show("a")
    line.show("b")
    line.end()

    assert out.getvalue() == "a\nb\n"
