"""Turn: shows a picture in its orientation, upright or mirrored, in its size.

Imports PyAV on use.
"""

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, cast

from emulator.media.ticks import TICKS_PER_SECOND

if TYPE_CHECKING:
    from av import VideoFrame

# The eight ways to place a rectangle on itself, as in EXIF: `turned_left` is a quarter turn
# counterclockwise, `transposed` swaps rows and columns, `antitransposed` swaps them from the far
# end.
Orientation = Literal[
    "upright",
    "mirrored",
    "flipped",
    "upside_down",
    "turned_left",
    "turned_right",
    "transposed",
    "antitransposed",
]
# The FFmpeg filters for each orientation.
_FILTERS: dict[Orientation, list[str]] = {
    "upright": [],
    "mirrored": ["hflip"],
    "flipped": ["vflip"],
    "upside_down": ["hflip", "vflip"],
    "turned_left": ["transpose=cclock"],
    "turned_right": ["transpose=clock"],
    "transposed": ["transpose=cclock_flip"],
    "antitransposed": ["transpose=clock_flip"],
}
# The orientation by whether rows become columns, and by the signs of the two remaining numbers.
_BY_SIGNS: dict[tuple[bool, bool, bool], Orientation] = {
    (False, True, True): "upright",
    (False, False, True): "mirrored",
    (False, True, False): "flipped",
    (False, False, False): "upside_down",
    (True, False, True): "turned_left",
    (True, True, False): "turned_right",
    (True, True, True): "transposed",
    (True, False, False): "antitransposed",
}
_MATRIX = struct.Struct("=9i")


def orientation_of(frame: "VideoFrame") -> Orientation:
    """Return the orientation of a decoded frame by its display matrix (14496-12, 6.2.2).

    A point (x, y) of the frame is shown at (ax + cy, bx + dy). Any other turn counts as the nearest
    quarter; "upright" where there is no matrix.
    """
    from av.sidedata.sidedata import Type

    # PyAV's stubs type this as a dictionary of one kind's fields, but it has every kind.
    side_data: Any = frame.side_data
    if Type.DISPLAYMATRIX not in side_data:
        return "upright"
    a, b, _, c, d, *_ = _MATRIX.unpack(bytes(side_data[Type.DISPLAYMATRIX]))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _BY_SIGNS[False, a >= 0, d >= 0]
    return _BY_SIGNS[True, b >= 0, c >= 0]


def swaps_sides(orientation: Orientation) -> bool:
    """Whether width and height are swapped."""
    return orientation in ("turned_left", "turned_right", "transposed", "antitransposed")


class Turner:
    """Turns frames of any size into frames of one size, in their orientation."""

    def __init__(self, orientation: Orientation, width: int, height: int) -> None:
        self._filters = _FILTERS[orientation]
        self._width, self._height = width, height
        self._graph: Any = None
        self._made_for: tuple[int, int, str] | None = None

    def turn(self, frame: "VideoFrame") -> "VideoFrame":
        if self._filters:
            frame = self._turned(frame)
        return frame.reformat(width=self._width, height=self._height, format="yuv420p")

    def _turned(self, frame: "VideoFrame") -> "VideoFrame":
        from av.filter import Graph

        form = (frame.width, frame.height, frame.format.name)
        if form != self._made_for:
            graph = Graph()
            last = graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=Fraction(1, TICKS_PER_SECOND),
            )
            for described in [*self._filters, "buffersink"]:
                name, _, arguments = described.partition("=")
                following = graph.add(name, arguments or None)
                last.link_to(following)
                last = following
            graph.configure()
            self._graph, self._made_for = graph, form
        self._graph.push(frame)
        return cast("VideoFrame", self._graph.pull())
