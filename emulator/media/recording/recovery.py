"""What is left of a recording whose process was killed: every finished part, and nothing torn.

Nothing that is good is changed: the index gets its last line, and bytes that no line names are
left where they are, since no playlist leads to them.
"""

import os
from pathlib import Path

from msgspec import Struct

from emulator.media.hls import index
from emulator.media.ticks import TICKS_PER_SECOND


class Recovered(Struct, frozen=True):
    """`end_ms` is the instant of the last part's end, None where no part was finished.

    `lost_parts` were named in the index but are not (wholly) in their file.
    """

    duration_ms: int
    end_ms: int | None
    segments: int
    lost_parts: int
    bad_lines: int
    had_ended: bool


def recover(folder: Path) -> Recovered:
    """Mark a recording ended that its process could not. A second call finds it ended.

    Blocks on the disk. Raises `FileNotFoundError` where there is no index at all.
    """
    recorded = index.read_index(folder)
    window = recorded.window()
    if recorded.ended_ms is None:
        with (folder / index.NAME).open("ab") as file:
            file.write(index.end_line(window.end_ms))
            file.flush()
            os.fsync(file.fileno())
    return Recovered(
        duration_ms=round(window.duration * 1000 / TICKS_PER_SECOND),
        end_ms=window.end_ms if window.complete else None,
        segments=len(window.complete),
        lost_parts=recorded.lost_parts,
        bad_lines=recorded.bad_lines,
        had_ended=recorded.ended_ms is not None,
    )
