"""Turn: a picture upright and in its size, whatever way the phone was held. Imports PyAV on use."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from av import VideoFrame

# What FFmpeg's filters do for a picture that is to be shown turned against the clock so far.
_FILTERS = {90: ["transpose=cclock"], 180: ["hflip", "vflip"], 270: ["transpose=clock"]}


class Turner:
    """Makes frames of one size out of frames of any. `rotation` is a multiple of 90 degrees."""

    def __init__(self, rotation: int, width: int, height: int) -> None:
        self._filters = _FILTERS.get(rotation, [])
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
                time_base=Fraction(1, 90_000),
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
