"""Recovery: completes a recording whose process was killed, with every finished part.

Undamaged data is not changed: the index gets its last line, and bytes that no line names stay in
their files, since no playlist refers to them.
"""

import os
from pathlib import Path

from msgspec import Struct

from emulator.media.hls import index
from emulator.media.ticks import TICKS_PER_SECOND


class Recovered(Struct, frozen=True):
    """The result. `end_ms` is the time of the last part's end, None where no part was finished.

    `lost_parts` counts parts that the index names but their file does not completely have.
    """

    duration_ms: int
    end_ms: int | None
    segments: int
    lost_parts: int
    bad_lines: int
    had_ended: bool


def recover(folder: Path) -> Recovered:
    """Mark a recording as ended if its process could not. A second call changes nothing.

    Blocks on the disk. Raises `FileNotFoundError` where there is no index.
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
