"""Makes the seek bar's small pictures: one sprite, and a WebVTT file with the place of each one.

For threads; imports PyAV on use.
"""

from fractions import Fraction
from math import ceil
from typing import cast

from msgspec import Struct

from emulator.media.recording.footage import Footage
from emulator.media.recording.pictures import chain, drawn, encode_jpeg, picture, sized
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.world.library.picture_sizes import PictureSize

TILES_MAX = 100
COLUMNS = 10
TILE_WIDTH = 160


class Storyboard(Struct, frozen=True):
    """A storyboard. `sprite` is a JPEG of tiles, row by row; `vtt` names it `storyboard.jpg`."""

    sprite: bytes
    vtt: str


def storyboard(footage: Footage) -> Storyboard:
    """Make a tile every second, or in longer steps for at most 100 tiles. Refuses audio alone."""
    import av
    from av.filter import Graph

    step = max(1, ceil(footage.seconds / TILES_MAX))
    count = max(1, ceil(footage.seconds / step))
    times = [number * step for number in range(count)]
    frame = picture(footage, 0)
    tile = _tile(frame.width, frame.height)
    columns, rows = min(COLUMNS, count), ceil(count / COLUMNS)

    graph = Graph()
    pictures: list[av.VideoFrame] = []
    for seconds in times:
        # In a gap, in audio alone, and where no frame can be drawn, the picture before it is
        # repeated.
        frame = drawn(footage.near(seconds)[0], seconds) or frame
        pictures.append(sized(frame, tile))
    chain(graph, pictures[0], [("tile", f"layout={columns}x{rows}")])
    for number, tile_frame in enumerate(pictures):
        tile_frame.pts, tile_frame.time_base = number, Fraction(1, TICKS_PER_SECOND)
        graph.push(tile_frame)
    graph.push(None)
    sprite = encode_jpeg(cast("av.VideoFrame", graph.pull()))
    return Storyboard(sprite, _vtt(footage.seconds, step, count, tile))


def _tile(width: int, height: int) -> PictureSize:
    return PictureSize(TILE_WIDTH, max(2, 2 * round(TILE_WIDTH * height / width / 2)), "fill")


def _vtt(seconds: float, step: int, count: int, tile: PictureSize) -> str:
    width, height = tile.width or 0, tile.height or 0
    cues = ["WEBVTT"]
    for number in range(count):
        end = min((number + 1) * step, seconds)
        left, top = number % COLUMNS * width, number // COLUMNS * height
        cues.append(
            f"{_stamp(number * step)} --> {_stamp(end)}\n"
            f"storyboard.jpg#xywh={left},{top},{width},{height}"
        )
    return "\n\n".join(cues) + "\n"


def _stamp(seconds: float) -> str:
    whole_ms = round(seconds * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}.{ms % 1000:03d}"
