"""Makes one progressive MP4 of a recording. For threads; imports PyAV.

An MP4 track has one codec, and an audio track one sample rate and one set of channels. A track that
is the same in all runs is copied without decoding a frame; a track that differs is transcoded
completely, so that the file is as long as the recording. Pictures of one codec in other sizes or
profiles are copied: then all key frames, also those of the first run, carry their parameter sets,
so that a player can go back over a change.
"""

import io
import logging
import shutil
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from emulator.busy_files import remove, replace
from emulator.core.errors import Refused
from emulator.media import codecs
from emulator.media.recording.footage import Footage, Piece
from emulator.media.recording.pictures import sized, squared
from emulator.media.recording.uploads.transcode import (
    PictureEncoder,
    SoundEncoder,
    TranscodePlan,
    name_as_players_do,
)
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.world.library.picture_sizes import PictureSize

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer

log = logging.getLogger(__name__)

Kind = Literal["video", "audio"]
# The properties that all of a track must share: codec, profile, sample rate and channels.
Shape = tuple[str, str, int, int]


class Remuxed(Struct, frozen=True):
    """The result. `left_out_seconds` is the media that could not be read.

    `begins` is the position (ticks) of the first piece in the file.
    """

    path: Path
    seconds: float
    left_out_seconds: float
    begins: int


def remux(footage: Footage, path: Path) -> Remuxed:
    """Write `path` completely or not at all (through a temporary file and a rename).

    Refuses `not_found` where no media can be read, `unavailable` without room on the disk. Raises
    `OSError` where the file cannot be written.
    """
    import av

    # The index at the file's front is made in a second pass, which needs the space twice.
    if shutil.disk_usage(path.parent).free < 2 * footage.length:
        raise Refused("unavailable", "The disk has no room for this MP4.", reason="disk_full")
    runs, left_out = _readable(footage)
    if not runs:
        raise Refused("not_found", "No part of this recording can be read.")
    temporary = path.with_name(path.name + ".part")
    options = {"movflags": "faststart"}
    try:
        with av.open(str(temporary), "w", format="mp4", options=options) as container:
            _Muxer(container, runs).write()
        replace(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    if left_out:
        seconds = left_out / TICKS_PER_SECOND
        log.warning("an MP4 lacks media that cannot be read path=%s seconds=%.1f", path, seconds)
    pieces = [piece for run in runs for piece in run.pieces]
    seconds = sum(piece.duration for piece in pieces) / TICKS_PER_SECOND
    return Remuxed(path, seconds, left_out / TICKS_PER_SECOND, pieces[0].position)


class _Run(Struct, frozen=True):
    """The pieces of one init segment, the first readable one, and its tracks."""

    pieces: list[Piece]
    first: Piece
    shapes: dict[Kind, Shape]

    @property
    def duration(self) -> int:
        return sum(piece.duration for piece in self.pieces)


def _readable(footage: Footage) -> tuple[list[_Run], int]:
    """Return the readable runs, and the ticks of unreadable media."""
    runs: list[_Run] = []
    left_out = 0
    for pieces in footage.runs():
        for number, piece in enumerate(pieces):
            if shapes := _shapes(piece):
                runs.append(_Run(pieces[number:], piece, shapes))
                break
            left_out += piece.duration
    return runs, left_out


def _shapes(piece: Piece) -> dict[Kind, Shape]:
    """Return the shape of each track; an empty dict where the piece cannot be read."""
    import av

    shapes: dict[Kind, Shape] = {}
    try:
        with av.open(io.BytesIO(piece.content()), "r", format="mp4") as container:
            for picture in container.streams.video:
                shapes["video"] = (picture.codec_context.name, "", 0, 0)
            for sound in container.streams.audio:
                context = sound.codec_context
                profile = context.profile or ""
                shapes["audio"] = (context.name, profile, context.sample_rate, sound.channels)
    except (av.FFmpegError, OSError):
        return {}
    return shapes


class _Lane(Protocol):
    """The way of one kind of media into the file."""

    def switch(self, source: Any) -> None:
        """Start a run, whose packets belong to this stream."""

    def take(self, packet: Any) -> None: ...

    def finish(self) -> None: ...


class _Muxer:
    """Writes one output file. Positions are those of the written pieces, one after the other."""

    def __init__(self, container: "OutputContainer", runs: list[_Run]) -> None:
        self._fitter: _Fitter | None = None
        self._container = container
        self._runs = runs
        self._lanes: dict[Kind, _Lane] = {}

    def write(self) -> None:
        position = 0
        kinds: tuple[Kind, ...] = ("video", "audio")
        # A file's tracks must be added before its first packet.
        with ExitStack() as stack:
            for kind in kinds:
                first = next((run for run in self._runs if kind in run.shapes), None)
                if first is not None:
                    source = stack.enter_context(_open(first.first))
                    self._lanes[kind] = self._lane(kind, _stream(source, kind))
            for run in self._runs:
                position = self._write_run(run, position)
            for lane in self._lanes.values():
                lane.finish()

    def _lane(self, kind: Kind, source: Any) -> _Lane:
        shapes = {run.shapes.get(kind) for run in self._runs}
        if kind == "audio":
            if len(shapes) == 1:
                return _Copy(source, self._container, is_mixed=False)
            return SoundEncoder(source, self._container, "aac", None)
        if len(shapes - {None}) == 1:
            inits = {piece.init.number for run in self._runs for piece in run.pieces}
            return _Copy(source, self._container, is_mixed=len(inits) > 1)
        longest = max((run for run in self._runs if kind in run.shapes), key=_length)
        width, height = (_even(side) for side in _size(longest))
        plan = TranscodePlan("h264", None, width, height, "high")
        rate = source.average_rate or Fraction(30)
        self._fitter = _Fitter(width, height)
        return PictureEncoder(source, self._container, plan, rate, self._fitter)

    def _write_run(self, run: _Run, position: int) -> int:
        """Write a run at a position. Return where it ends."""
        with ExitStack() as stack:
            # A run has the decoder of its first piece: later pieces may begin without a key frame.
            source = stack.enter_context(_open(run.first))
            if self._fitter is not None and "video" in run.shapes:
                self._fitter.source = _stream(source, "video")
            for kind in run.shapes:
                self._lanes[kind].switch(_stream(source, kind))
            for piece in run.pieces:
                self._write_piece(piece, position - piece.start)
                position += piece.duration
            # Drain the decoders before the stream that they were made for is closed.
            for kind in run.shapes:
                self._lanes[kind].switch(None)
        return position

    def _write_piece(self, piece: Piece, shift: int) -> None:
        with _open(piece) as source:
            streams = [*source.streams.video, *source.streams.audio]
            for packet in source.demux(*streams):
                if packet.dts is None:  # The demuxer marks the end of a stream in this way.
                    continue
                moved = round(shift / TICKS_PER_SECOND / packet.time_base)
                packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
                self._lanes[packet.stream.type].take(packet)


class _Copy:
    """Copies a track. With `is_mixed`, its key frames get their parameter sets."""

    def __init__(self, source: Any, container: "OutputContainer", *, is_mixed: bool) -> None:
        self._container = container
        self._stream: Any = container.add_stream_from_template(source, opaque=True)
        if not is_mixed:
            name_as_players_do(self._stream)
        self._is_mixed = is_mixed
        self._last_dts: int | None = None

    def switch(self, source: Any) -> None:
        """Do nothing: each packet knows its stream."""

    def take(self, packet: Any) -> None:
        if self._is_mixed and packet.is_keyframe:
            packet = _self_contained(packet)
        if self._last_dts is not None:
            # At a run's start audio may overlap by a frame; a track's time must grow.
            packet.dts = max(packet.dts, self._last_dts + 1)
            packet.pts = max(packet.pts, packet.dts)
        self._last_dts = packet.dts
        packet.stream = self._stream
        self._container.mux_one(packet)

    def finish(self) -> None:
        """Do nothing: no packets are held back."""


class _Fitter:
    """Fits pictures of any size and shape into one frame, completely, with black around them.

    `source` is their stream, which says whether their pixels are square.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = PictureSize(width, height, "fill")
        self.source: Any = None

    def turn(self, frame: "VideoFrame") -> "VideoFrame":
        size = self._size
        frame = squared(frame, self.source)
        if (frame.width, frame.height) == (size.width, size.height):
            return frame.reformat(format="yuv420p")
        return sized(frame, size, "yuv420p")


def _open(piece: Piece) -> Any:
    import av

    return av.open(io.BytesIO(piece.content()), "r", format="mp4")


def _stream(container: Any, kind: Kind) -> Any:
    return (container.streams.video if kind == "video" else container.streams.audio)[0]


def _length(run: _Run) -> int:
    return run.duration


def _size(run: _Run) -> tuple[int, int]:
    init = run.pieces[0].init
    return init.width, init.height


def _even(side: int) -> int:
    return max(2, side + side % 2)


def _self_contained(packet: Any) -> Any:
    import av

    context = packet.stream.codec_context
    content = codecs.self_contained(
        context.codec.canonical_name, context.extradata or b"", bytes(packet)
    )
    whole: Any = av.Packet(bytes(content))
    whole.pts, whole.dts, whole.duration = packet.pts, packet.dts, packet.duration
    whole.time_base, whole.is_keyframe = packet.time_base, True
    return whole
