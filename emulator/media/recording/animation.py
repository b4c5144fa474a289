"""Makes an animated GIF from footage. For threads; imports PyAV on use."""

import io
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from emulator.core.errors import Refused
from emulator.media.recording.footage import Footage
from emulator.media.recording.pictures import chain, frames_between, picture, sized
from emulator.world.library.picture_sizes import PictureSize

if TYPE_CHECKING:
    from av import VideoFrame

SECONDS_MAX = 15
RATE_MAX = 15


def gif(footage: Footage, start: float, seconds: float, rate: int, size: PictureSize) -> bytes:
    """Make a looped GIF from footage.

    It covers `seconds` (up to 15) from `start`, with `rate` (1 to 15) pictures a second. Refuses
    (`invalid`) other values, and times outside the footage.
    """
    check(footage, start, seconds, rate)
    frames = _picked(footage, start, start + seconds, rate, size)
    if not frames:  # No frame can be decoded: take the nearest picture.
        frames = [sized(picture(footage, start), size, "rgb24")]
    return _encoded(_with_palette(frames), rate)


def check(footage: Footage, start: float, seconds: float, rate: int) -> None:
    """Refuse (`invalid`) values out of range, and times outside the footage."""
    if not 0 < seconds <= SECONDS_MAX:
        message = f"duration must be more than 0 and up to {SECONDS_MAX} s."
        raise Refused("invalid", message, field="duration")
    if not 1 <= rate <= RATE_MAX:
        raise Refused("invalid", f"fps must be 1 to {RATE_MAX}, not {rate}.", field="fps")
    footage.check(start)


def _picked(
    footage: Footage, start: float, end: float, rate: int, size: PictureSize
) -> list["VideoFrame"]:
    """Return the first frame of each 1/`rate` of a second, scaled down: a GIF fits in memory."""
    picked: list[VideoFrame] = []
    # Shorter footage still gives one picture, although its key frame has a delay.
    for seconds, frame in frames_between(footage, start, end):
        if seconds >= start + len(picked) / rate:
            small = sized(frame, size, "rgb24")
            if picked and (small.width, small.height) != (picked[0].width, picked[0].height):
                same = PictureSize(picked[0].width, picked[0].height, "fill")
                small = sized(small, same, "rgb24")
            picked.append(small)
    return picked


def _with_palette(frames: list["VideoFrame"]) -> list["VideoFrame"]:
    """Convert the frames to 256 colours chosen for all of them together."""
    from av.error import EOFError as EndOfGraph
    from av.filter import Graph

    chooser = Graph()
    chain(chooser, frames[0], [("palettegen", "stats_mode=diff")])
    _push_all(chooser, frames)
    palette = cast("VideoFrame", chooser.pull())

    painter = Graph()
    pictures = painter.add_buffer(
        width=frames[0].width,
        height=frames[0].height,
        format=frames[0].format,
        time_base=Fraction(1, 100),
    )
    colours = painter.add_buffer(
        width=palette.width, height=palette.height, format=palette.format, time_base=Fraction(1)
    )
    paint = painter.add("paletteuse", "dither=bayer")
    sink = painter.add("buffersink")
    pictures.link_to(paint, 0, 0)
    colours.link_to(paint, 0, 1)
    paint.link_to(sink)
    painter.configure()
    palette.pts = 0
    colours.push(palette)
    colours.push(None)
    painted: list[VideoFrame] = []
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, Fraction(1, 100)
        pictures.push(frame)
    pictures.push(None)
    while True:
        try:
            painted.append(cast("VideoFrame", sink.pull()))
        except (BlockingIOError, EndOfGraph):
            return painted


def _push_all(graph: object, frames: list["VideoFrame"]) -> None:
    from av.filter import Graph

    assert isinstance(graph, Graph)
    for number, frame in enumerate(frames):
        frame.pts, frame.time_base = number, Fraction(1, 100)
        graph.push(frame)
    graph.push(None)


def _encoded(frames: list["VideoFrame"], rate: int) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="gif", options={"loop": "0"}) as container:
        stream = container.add_stream("gif", rate=rate)
        stream.width, stream.height = frames[0].width, frames[0].height
        stream.pix_fmt = "pal8"
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()
