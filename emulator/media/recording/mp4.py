"""A recording as one progressive MP4, remuxed: no frame is decoded. For threads; imports PyAV.

An MP4 track has one codec. Of a recording whose codecs changed, the MP4 holds those runs whose
codecs are the ones most of it has; the rest is left out and counted. Runs of the same codec in
another size or profile are all held: then all key frames, those of the first run too, carry their
parameter sets, so that a player can go back over a change.
"""

import io
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.core.errors import Refused
from emulator.core.values import dataclass
from emulator.media import codecs
from emulator.media.recording.footage import Footage, Piece
from emulator.media.shelf.segments import TICKS_PER_SECOND

if TYPE_CHECKING:
    from av.container import OutputContainer

# What two runs must share to go into one file: each track's codec, and of sound rate and channels.
Shape = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Remuxed:
    """`left_out_seconds` is what could not go into the same file. `begins` is the position (ticks)
    of the first piece that is in it."""

    path: Path
    seconds: float
    left_out_seconds: float
    begins: int


def remux(footage: Footage, path: Path) -> Remuxed:
    """Write `path` whole or not at all (a temporary file beside it, then a rename).

    Refuses `not_found` where nothing can be read, `unavailable` without room. Raises `OSError`
    where it cannot be written.
    """
    import av

    # The index at the file's front is made in a second pass, which needs the space twice.
    if shutil.disk_usage(path.parent).free < 2 * footage.length:
        raise Refused("unavailable", "The disk has no room for this MP4.", reason="disk_full")
    chosen, left_out = _most(footage)
    if not chosen:
        raise Refused("not_found", "Nothing of this recording can be read.")
    temporary = path.with_name(path.name + ".part")
    options = {"movflags": "faststart"}
    try:
        with av.open(str(temporary), "w", format="mp4", options=options) as container:
            _Muxer(container).write(chosen)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    seconds = sum(piece.duration for piece in chosen) / TICKS_PER_SECOND
    return Remuxed(path, seconds, left_out / TICKS_PER_SECOND, chosen[0].position)


def _most(footage: Footage) -> tuple[list[Piece], int]:
    """The pieces of the shape that lasts longest, and the ticks of the others."""
    lasts: Counter[Shape] = Counter()
    shaped: list[tuple[Shape, list[Piece]]] = []
    for pieces in footage.runs():
        shape = _shape(pieces[0])
        lasts[shape] += sum(piece.duration for piece in pieces)
        shaped.append((shape, pieces))
    most = max(lasts, key=lambda shape: (bool(shape), lasts[shape]), default=())
    chosen = [piece for shape, pieces in shaped if shape and shape == most for piece in pieces]
    return chosen, lasts.total() - lasts[most]


def _shape(piece: Piece) -> Shape:
    """() where the piece cannot be read."""
    import av

    try:
        with av.open(io.BytesIO(piece.content()), "r", format="mp4") as container:
            videos = [(each.codec_context.name, 0, 0) for each in container.streams.video]
            audios = [
                (each.codec_context.name, each.codec_context.sample_rate, each.channels)
                for each in container.streams.audio
            ]
            return (*videos, *audios)
    except (av.FFmpegError, OSError):
        return ()


class _Muxer:
    """One output file. Positions are those of the pieces that are held, one after the other."""

    def __init__(self, container: "OutputContainer") -> None:
        self._container = container
        self._streams: list[Any] = []
        self._is_mixed = False
        self._last_dts: dict[int, int] = {}

    def write(self, pieces: list[Piece]) -> None:
        position = 0
        self._is_mixed = len({piece.init.number for piece in pieces}) > 1
        for piece in pieces:
            self._write_piece(piece, position - piece.start)
            position += piece.duration

    def _write_piece(self, piece: Piece, shift: int) -> None:
        import av

        with av.open(io.BytesIO(piece.content()), "r", format="mp4") as source:
            inputs: list[Any] = [*source.streams.video, *source.streams.audio]
            if not self._streams:
                self._streams = [
                    self._container.add_stream_from_template(each, opaque=True) for each in inputs
                ]
            numbers = {each.index: number for number, each in enumerate(inputs)}
            for packet in source.demux(*inputs):
                if packet.dts is not None:  # None is how the demuxer says that a stream has ended.
                    self._mux(packet, numbers[packet.stream.index], shift)

    def _mux(self, packet: Any, number: int, shift: int) -> None:
        if self._is_mixed and packet.is_keyframe and packet.stream.type == "video":
            packet = _self_contained(packet)
        moved = round(shift / TICKS_PER_SECOND / packet.time_base)
        pts, dts = packet.pts + moved, packet.dts + moved
        # At a run's start sound may overlap by a frame; a track's time must grow.
        dts = max(dts, self._last_dts.get(number, dts - 1) + 1)
        packet.pts, packet.dts = max(pts, dts), dts
        self._last_dts[number] = dts
        packet.stream = self._streams[number]
        self._container.mux_one(packet)


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
