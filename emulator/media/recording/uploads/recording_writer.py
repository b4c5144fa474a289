"""write_recording: writes packets into a recording's folder, as a live stream does.

For threads. Nobody can find the recording before it is complete: its index is renamed last.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import closing
from io import FileIO
from pathlib import Path

from emulator.busy_files import replace
from emulator.media.gap_filler import GapFiller
from emulator.media.hls import index
from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.hls.segments import init_of
from emulator.media.hls.window import Window
from emulator.media.packets import Packet, Track
from emulator.media.timeline import Epoch, Sequenced

# A recording has no live edge: one fragment a second is enough.
PART_MS = 1_000
DRAFT_NAME = index.NAME + ".draft"


def write_recording(
    packets: Iterable[Packet], tracks: tuple[Track, ...], folder: Path, segment_ms: int, at_ms: int
) -> Window:
    """Write a complete recording that begins at `at_ms`. Return its window.

    Where audio or video is shorter, silence or the last key frame fills it. Raises `OSError` where
    it cannot be written; then there is no recording.
    """
    segmenter = Segmenter(part_ms=min(PART_MS, segment_ms // 2), segment_ms=segment_ms)
    gap_filler = GapFiller(still_ms=segment_ms)
    epoch = Epoch(0, tracks)
    with (folder / DRAFT_NAME).open("wb") as lines:
        writer = _Writer(folder, lines.write, segment_ms)
        with closing(writer):
            for packet in packets:
                for filled in gap_filler.push(Sequenced([packet], epoch, at_ms)):
                    writer.append_all(segmenter.push(filled))
            for filled in gap_filler.flush(at_ms):
                writer.append_all(segmenter.push(filled))
            writer.append_all(segmenter.flush())
            writer.finish()
        lines.flush()
        os.fsync(lines.fileno())
    replace(folder / DRAFT_NAME, folder / index.NAME)
    return writer.window


class _Writer:
    """The files of one recording. Bytes are written before the line that names them."""

    def __init__(
        self, folder: Path, write_line: Callable[[bytes], object], segment_ms: int
    ) -> None:
        self.window = Window(segment_ms=segment_ms, part_ms=PART_MS, is_recording=True)
        self._folder = folder
        self._write_line = write_line
        self._file: FileIO | None = None
        self._sequence = 0
        write_line(index.head_line(self.window))

    def append_all(self, parts: Iterable[HlsPart]) -> None:
        for part in parts:
            self.append(part)

    def append(self, part: HlsPart) -> None:
        if part.starts_segment:
            self._end_segment()
        if part.starts_discontinuity:
            self._begin(part)
        content = fragment(part, self._sequence)
        self._sequence += 1
        segment, stored = self.window.add(
            content,
            start=part.start,
            duration=part.duration,
            frames=len(part.pictures),
            is_independent=part.is_independent,
            at_ms=part.at_ms,
        )
        if self._file is None:
            self._file = FileIO(self._folder / segment.name, "w")
        _write(self._file, content)
        # The part is on the disk, and a long video would not fit into memory.
        stored.content = None

    def finish(self) -> None:
        self._end_segment()
        self.window.finish()
        self._write_line(index.end_line(self.window.end_ms))

    def close(self) -> None:
        """Close a file that was not finished."""
        if self._file is not None:
            self._file.close()

    def _begin(self, part: HlsPart) -> None:
        content = init_segment(part.tracks)
        init = init_of(0, part.tracks, len(content))
        (self._folder / init.name).write_bytes(content)
        self.window.begin(init)
        self._write_line(index.init_line(init))

    def _end_segment(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with file:
                os.fsync(file.fileno())
        segment = self.window.end_segment()
        if segment is not None:
            self._write_line(index.segment_line(segment))
            segment.parts = ()


def _write(file: FileIO, content: bytes) -> None:
    """Write all of the content: one write may take less than that, also on an almost full disk."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]
