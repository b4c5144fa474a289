"""Makes one picture from footage: decoded, cut to size, encoded. For threads; imports PyAV on use.

Sizes and fits are the CDN's: `crop` cuts off what does not fit, `clip` makes the whole frame
smaller until it fits, `scale` distorts it, `fill` surrounds the whole frame with black.
"""

import io
import logging
import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, cast, get_args

from emulator.core.errors import Refused
from emulator.media.recording.footage import Footage, Piece
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.world.library.picture_sizes import DEFAULT_HEIGHT, Fit, PictureSize, even, target

if TYPE_CHECKING:
    from av import Packet, VideoFrame
    from av.filter import Graph
    from av.video.stream import VideoStream

log = logging.getLogger(__name__)

SIZE_MAX = 2000
# The number of pieces and key frames tried where the nearest cannot be drawn: each costs a read.
PIECES_TRIED_MAX = 16
KEYS_TRIED_MAX = 4
_CLOCK = Fraction(1, TICKS_PER_SECOND)
_TIME = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,7}(?:\.\d{1,6})?)s?)?", re.ASCII)


def parse_time(text: str, name: str = "time") -> float:
    """Parse the CDN's notation to seconds: `90`, `1.5s`, `5m2s`, `1h2m3s`.

    Refuses (`invalid`) anything else in the parameter `name`.
    """
    match = _TIME.fullmatch(text)
    if match is None or not text:
        message = f"{name} must look like 90, 1.5s or 5m2s, not {text[:20]!r}."
        raise Refused("invalid", message, field=name)
    hours, minutes, seconds = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def check_size(width: int | None, height: int | None, fit: str) -> PictureSize:
    """Refuse (`invalid`) sizes outside 1 to 2000 and unknown fits."""
    for name, value in (("width", width), ("height", height)):
        if value is not None and not 1 <= value <= SIZE_MAX:
            message = f"{name} must be 1 to {SIZE_MAX}, not {value}."
            raise Refused("invalid", message, field=name)
    if fit not in get_args(Fit):
        fits = ", ".join(get_args(Fit))
        message = f"fit must be one of {fits}, not {fit[:20]!r}."
        raise Refused("invalid", message, field="fit")
    return PictureSize(width, height, cast(Fit, fit))


def still(footage: Footage, seconds: float, size: PictureSize) -> bytes:
    """A JPEG of the nearest key frame to `seconds` that can be drawn.

    Refuses (`invalid`) times outside the footage, (`not_found`) audio alone.
    """
    footage.check(seconds)
    return jpeg(picture(footage, seconds), size)


def picture(footage: Footage, seconds: float) -> "VideoFrame":
    """The nearest key frame to a position that can be drawn, in this piece or in another one.

    Where none of `PIECES_TRIED_MAX` pieces has one, a dark picture replaces it: a recording that
    plays does not fail because of a picture. Refuses (`not_found`) audio alone.
    """
    shown = [piece for piece in footage.near(seconds) if piece.init.width]
    if not shown:
        raise Refused("not_found", "This stream has no picture: it is sound only.")
    for piece in shown[:PIECES_TRIED_MAX]:
        frame = drawn(piece, seconds)
        if frame is not None:
            return frame
    log.warning("no key frame of the footage can be drawn seconds=%.3f", seconds)
    return _stand_in(shown[0].init.width, shown[0].init.height)


def drawn(piece: Piece, seconds: float) -> "VideoFrame | None":
    """Decode the key frame of a piece that is nearest to a position.

    None for audio alone, without a key frame, and where none can be decoded.
    """
    import av

    wanted = seconds * TICKS_PER_SECOND - piece.shift
    try:
        with av.open(io.BytesIO(piece.content()), "r", format="mp4") as container:
            if not container.streams.video:
                return None
            stream = container.streams.video[0]
            keys = [packet for packet in container.demux(stream) if _is_key(packet)]
            keys.sort(key=lambda packet: abs((packet.pts or 0) - wanted))
            for key in keys[:KEYS_TRIED_MAX]:
                frame = _decoded(stream, key)
                if frame is not None:
                    return frame
    except av.FFmpegError as error:
        log.debug("a piece cannot be read position=%d error=%s", piece.position, error)
    return None


def _decoded(stream: "VideoStream", key: "Packet[VideoStream]") -> "VideoFrame | None":
    import av

    decoder = stream.codec_context
    try:
        frames = [*decoder.decode(key), *decoder.decode(None)]
    except av.FFmpegError:
        frames = []
    decoder.flush_buffers()
    return squared(frames[0], stream) if frames else None


def squared(frame: "VideoFrame", stream: "VideoStream") -> "VideoFrame":
    """Scale the frame to square pixels, as an image has them."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect == 1:
        return frame
    return frame.reformat(width=even(frame.width * float(aspect)), height=frame.height)


def _stand_in(width: int, height: int) -> "VideoFrame":
    """Make a dark picture of this shape."""
    from av import VideoFrame

    factor = min(1.0, DEFAULT_HEIGHT / max(width, height))
    frame = VideoFrame(even(width * factor), even(height * factor), "yuv420p")
    for plane, value in zip(frame.planes, (16, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def _is_key(packet: "Packet[VideoStream]") -> bool:
    return packet.is_keyframe and packet.size > 0


def frames_between(
    footage: Footage, start: float, end: float
) -> Iterator[tuple[float, "VideoFrame"]]:
    """Yield every decodable frame from `start` to `end`, with its position in seconds."""
    import av

    for piece in footage.pieces:
        if piece.end <= start * TICKS_PER_SECOND or piece.position >= end * TICKS_PER_SECOND:
            continue
        try:
            for frame in _frames(piece):
                seconds = ((frame.pts or 0) + piece.shift) / TICKS_PER_SECOND
                if start <= seconds < end:
                    yield seconds, frame
        except av.FFmpegError as error:
            log.debug("a piece cannot be read position=%d error=%s", piece.position, error)


def _frames(piece: Piece) -> "Iterator[VideoFrame]":
    """Yield every decodable frame of a piece."""
    import av

    with av.open(io.BytesIO(piece.content()), "r", format="mp4") as container:
        if not container.streams.video:
            return
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            try:
                for frame in stream.codec_context.decode(packet):
                    yield squared(frame, stream)
            except av.FFmpegError:  # This packet is damaged; the next one may not be.
                continue


def jpeg(frame: "VideoFrame", size: PictureSize) -> bytes:
    """Encode one frame as a JPEG of this size."""
    return encode_jpeg(sized(frame, size))


def encode_jpeg(frame: "VideoFrame") -> bytes:
    from av.codec import CodecContext

    encoder = CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"qmin": "3", "qmax": "5"}
    frame.pts = 0
    frame.time_base = Fraction(1, 25)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def sized(frame: "VideoFrame", size: PictureSize, pixel_format: str = "yuvj420p") -> "VideoFrame":
    """Scale, cut or pad the frame; sizes are made even, as JPEG's colour planes need."""
    from av.filter import Graph

    graph = Graph()
    chain(graph, frame, [*_filters(frame.width, frame.height, size), ("format", pixel_format)])
    frame.pts = 0
    frame.time_base = _CLOCK
    graph.push(frame)
    return cast("VideoFrame", graph.pull())


def chain(graph: "Graph", frame: "VideoFrame", filters: list[tuple[str, str]]) -> None:
    """Build source, filters and sink, in this order, for frames like `frame`."""
    contexts = [
        graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=_CLOCK,
        ),
        *(graph.add(name, arguments) for name, arguments in filters),
        graph.add("buffersink"),
    ]
    for one, following in pairwise(contexts):
        one.link_to(following)
    graph.configure()


def _filters(width: int, height: int, size: PictureSize) -> list[tuple[str, str]]:
    box_width, box_height = target(width, height, size)
    by_width, by_height = box_width / width, box_height / height
    if size.fit == "scale":
        return [("scale", f"{box_width}:{box_height}")]
    if size.fit == "crop":
        factor = max(by_width, by_height)
        whole = _scaled(width, height, factor, (box_width, box_height))
        return [("scale", whole), ("crop", f"{box_width}:{box_height}")]
    factor = min(by_width, by_height, 1 if size.fit == "clip" else by_width)
    inner = ("scale", f"{even(width * factor)}:{even(height * factor)}")
    if size.fit == "clip":
        return [inner]
    return [inner, ("pad", f"{box_width}:{box_height}:-1:-1:black")]


def _scaled(width: int, height: int, factor: float, at_least: tuple[int, int]) -> str:
    return f"{max(even(width * factor), at_least[0])}:{max(even(height * factor), at_least[1])}"
