"""index.jsonl: one JSON line per part, segment or event, to read a recording after any kind of end.

A line is written after the bytes that it names. If a segment has its own line, the lines of its
parts need not be read; the last segment of a killed process has only those. An incomplete line is
skipped, and the media that it would have named is ignored.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from emulator.media.hls.disk import file_sizes
from emulator.media.hls.segments import Init, Segment, StoredPart
from emulator.media.hls.window import Window

NAME = "index.jsonl"
# The largest number of parts that players may have received but a killed process did not write.
_PARTS_LOST_MAX = 100
# The exceptions that a damaged line may raise.
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


class Recorded(Struct):
    """The media that an index names and the files contain.

    `ended_ms` is None where the writing process did not write an end, or where a later process
    continued the recording; `sizes` are the folder's files; `lost_parts` counts parts that the
    index names but the files do not contain.
    """

    segment_ms: int = 2000
    part_ms: int = 200
    inits: dict[int, Init] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    ended_ms: int | None = None
    next_part: int = 0
    lost_parts: int = 0
    bad_lines: int = 0

    def window(self, dvr_seconds: float = 0) -> Window:
        """The window of the finished recording of a stream that was live with `dvr_seconds`."""
        window = Window(
            segment_ms=self.segment_ms,
            part_ms=self.part_ms,
            dvr_seconds=dvr_seconds,
            is_recording=True,
        )
        self._fill(window)
        window.finish()
        return window

    def continued(self, dvr_seconds: float) -> Window:
        """The live window of a stream that continues this recording.

        It skips the numbers of parts that the last process may have sent to players but did not
        write.
        """
        window = Window(segment_ms=self.segment_ms, part_ms=self.part_ms, dvr_seconds=dvr_seconds)
        self._fill(window)
        window.next_part += _PARTS_LOST_MAX
        window.pause()
        return window

    def _fill(self, window: Window) -> None:
        for segment in sorted(self.segments.values(), key=lambda segment: segment.msn):
            if segment.init is not window.init:
                window.begin(segment.init)
            # Where bytes were lost, the clock jumps, and players need a discontinuity.
            before = window.complete[-1] if window.complete else None
            if before is not None and before.end != segment.start:
                segment.starts_discontinuity = True
            window.note_frames(segment.frames, segment.duration)
            segment.parts = ()
            window.keep(segment)
        window.next_part = self.next_part


def head_line(window: Window) -> bytes:
    return _line({"recording": 1, "segment_ms": window.segment_ms, "part_ms": window.part_ms})


def init_line(init: Init) -> bytes:
    return _line(
        {
            "init": init.number,
            "bytes": init.length,
            "codecs": init.codecs,
            "width": init.width,
            "height": init.height,
            "range": init.video_range,
        }
    )


def part_line(segment: Segment, part: StoredPart, frames: int) -> bytes:
    fact: dict[str, object] = {
        "part": part.number,
        "segment": segment.msn,
        "offset": part.offset,
        "bytes": part.length,
        "ticks": part.duration,
        "frames": frames,
        "key": part.is_independent,
    }
    return _line(fact | _opening(segment) if part.offset == 0 else fact)


def segment_line(segment: Segment) -> bytes:
    fact: dict[str, object] = {
        "segment": segment.msn,
        "bytes": segment.length,
        "ticks": segment.duration,
        "frames": segment.frames,
        "key": segment.is_independent,
        "next_part": segment.parts[-1].number + 1 if segment.parts else 0,
    }
    if segment.has_grown:
        fact["bytes_at_pause"] = segment.length_at_pause
    return _line(fact | _opening(segment))


def end_line(at_ms: int) -> bytes:
    """The line of a recording's end. It begins with a newline, in case the line before is torn."""
    return b"\n" + _line({"ended": True, "at_ms": at_ms})


def read_index(folder: Path) -> Recorded:
    """Read a recording's index and compare it with its files; damaged media is left out.

    Blocks on the disk. Raises `FileNotFoundError` where there is no index.
    """
    recorded = Recorded(sizes=file_sizes(folder))
    waiting: list[bytes] = []
    with (folder / NAME).open("rb") as file:
        for line in file:
            if line.startswith(b'{"part"') and line.endswith(b"\n"):
                waiting.append(line)
            elif line.strip():
                _fold_line(recorded, line, waiting)
    _fold_parts(recorded, waiting)
    last = max(recorded.segments, default=None)
    if last is not None and not recorded.segments[last].length:
        del recorded.segments[last]
    return recorded


def _line(fact: dict[str, object]) -> bytes:
    return msgspec.json.encode(fact) + b"\n"


def _opening(segment: Segment) -> dict[str, object]:
    return {
        "init": segment.init.number,
        "start": segment.start,
        "program_ms": round(segment.program_ms, 3),
        "discontinuity": segment.starts_discontinuity,
    }


def _fold_line(recorded: Recorded, line: bytes, waiting: list[bytes]) -> None:
    try:
        if not line.endswith(b"\n"):
            raise ValueError("the last line was not finished")
        fact = json.loads(line)
        if not isinstance(fact, dict):
            raise ValueError("a line must be a JSON object")
        if "segment" in fact:
            _fold_segment(recorded, fact, waiting)
        elif "init" in fact:
            _fold_parts(recorded, waiting)  # Their segment was not ended: its process was killed.
            _fold_init(recorded, _init(fact))
        elif "recording" in fact:
            recorded.segment_ms = int(fact["segment_ms"])
            recorded.part_ms = int(fact["part_ms"])
        elif "ended" in fact:
            _fold_parts(recorded, waiting)
            recorded.ended_ms = int(fact["at_ms"])
    except _DAMAGE:
        recorded.bad_lines += 1


def _fold_init(recorded: Recorded, init: Init) -> None:
    if recorded.sizes.get(init.name, 0) < init.length:
        raise ValueError("the init segment was lost with the machine's power")
    recorded.inits[init.number] = init


def _fold_segment(recorded: Recorded, fact: dict[str, Any], waiting: list[bytes]) -> None:
    """Add a segment by its own line, or by its parts' lines if its file is too short."""
    recorded.ended_ms = None
    segment = _segment(recorded, fact)
    segment.duration, segment.length = int(fact["ticks"]), int(fact["bytes"])
    segment.frames = int(fact["frames"])
    segment.length_at_pause = int(fact.get("bytes_at_pause", 0))
    recorded.next_part = max(recorded.next_part, int(fact["next_part"]))
    if recorded.sizes.get(segment.name, 0) < segment.length:
        _fold_parts(recorded, waiting)
        segment = recorded.segments.get(segment.msn) or _gap(segment)
    recorded.segments[segment.msn] = segment
    waiting.clear()


def _fold_parts(recorded: Recorded, waiting: list[bytes]) -> None:
    for line in waiting:
        try:
            _fold_part(recorded, json.loads(line))
        except _DAMAGE:
            recorded.bad_lines += 1
    waiting.clear()


def _gap(segment: Segment) -> Segment:
    """Mark a segment whose bytes are gone, so that players skip it."""
    segment.length, segment.frames, segment.is_gap = 0, 0, True
    return segment


def _init(fact: dict[str, Any]) -> Init:
    return Init(
        number=int(fact["init"]),
        codecs=str(fact["codecs"]),
        width=int(fact["width"]),
        height=int(fact["height"]),
        length=int(fact["bytes"]),
        video_range=str(fact.get("range", "SDR")),
    )


def _fold_part(recorded: Recorded, fact: dict[str, Any]) -> None:
    recorded.ended_ms = None
    msn, offset, length = int(fact["segment"]), int(fact["offset"]), int(fact["bytes"])
    recorded.next_part = max(recorded.next_part, int(fact["part"]) + 1)
    if offset + length > recorded.sizes.get(f"seg-{msn}.m4s", 0):
        recorded.lost_parts += 1
        return
    if "start" in fact and msn not in recorded.segments:
        recorded.segments[msn] = _segment(recorded, fact)
    segment = recorded.segments[msn]
    if offset != segment.length:
        raise ValueError("a part before this one is missing")
    part = StoredPart(
        number=int(fact["part"]),
        offset=offset,
        length=length,
        duration=int(fact["ticks"]),
        is_independent=bool(fact["key"]),
        content=None,
        is_written=True,
    )
    segment.add(part, int(fact["frames"]))


def _segment(recorded: Recorded, fact: dict[str, Any]) -> Segment:
    return Segment(
        msn=int(fact["segment"]),
        init=recorded.inits[int(fact["init"])],
        start=int(fact["start"]),
        program_ms=float(fact["program_ms"]),
        starts_discontinuity=bool(fact["discontinuity"]),
        is_independent=bool(fact["key"]),
    )
