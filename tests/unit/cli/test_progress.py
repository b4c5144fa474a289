"""Progress: per cent and remaining time, on a terminal."""

import io

from emulator.cli.lib.progress import Progress, ProgressFile, progress_text
from tests.support.tables import table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@table(
    ("share", "remaining_seconds", "wanted"),
    [
        (None, None, ""),
        (None, 12.0, ""),
        (0.0, None, "0 %"),
        (0.425, 80.4, "42 %, 1m20s left"),
        (0.999, 0.2, "99 %, 0s left"),
        (1.0, 0.0, "100 %"),
        (1.7, -3.0, "100 %"),
    ],
)
def test_progress_text_has_the_known_values(
    share: float | None, remaining_seconds: float | None, wanted: str
) -> None:
    assert progress_text(share, remaining_seconds) == wanted


def test_progress_shows_a_share_and_is_gone_at_the_end() -> None:
    out = Terminal()
    progress = Progress("writing", 200, out)

    progress.show(50, "a file")
    progress.end()

    assert out.getvalue() == "\rwriting  25 %  a file\x1b[K\r\x1b[K"


def test_progress_is_silent_in_a_pipe() -> None:
    out = io.StringIO()
    progress = Progress("writing", 200, out)

    progress.show(50)
    progress.end()

    assert out.getvalue() == ""


def test_progress_counts_the_bytes_of_a_file() -> None:
    out = Terminal()
    file = ProgressFile(io.BytesIO(b"x" * 100), Progress("reading", 100, out))

    assert file.read(40) == b"x" * 40
    assert file.read() == b"x" * 60

    assert "40 %" in out.getvalue()
