"""The test picture: colour bars, a clock, a name, a counter, a flash, and the strip.

Only luma changes from frame to frame; chroma is made once, and is grey under all moving parts.
"""

from typing import TYPE_CHECKING

from msgspec import Struct

from emulator.media.publisher.test_card.glyphs import ADVANCE, GLYPH_HEIGHT, Pen, plain
from emulator.media.publisher.test_card.strip import BLACK, CELLS, HEIGHT_SHARE, WHITE, write_cells

if TYPE_CHECKING:
    from av import VideoFrame

# 75 % bars in ITU-R BT.709, limited range (SMPTE RP 219): luma, blue and red difference.
_BARS = (
    (180, 128, 128),
    (168, 44, 136),
    (145, 147, 44),
    (134, 63, 52),
    (63, 193, 204),
    (51, 109, 212),
    (28, 212, 120),
)
_GREY = 128
_PAPER = 26
_INK = 225
# The largest number of letters in a line, for any shape of the picture.
_LETTERS_MAX = 30
_DAY_MS = 86_400_000


class FrameMoment(Struct, frozen=True):
    """The contents of one frame. `media_ms` is the time since the broadcast's first frame."""

    frame_number: int
    media_ms: int
    wall_ms: int
    is_flash: bool


class CardPicture:
    """Draws frames of one size, in yuv420p. `name` is cut to what fits."""

    def __init__(self, width: int, height: int, name: str) -> None:
        """Refuse sizes that yuv420p cannot have (odd), or too small for the text (under 160x90)."""
        if width % 2 or height % 2 or width < 160 or height < 90:
            raise ValueError(f"invalid size {width}x{height}: must be even and at least 160x90")
        self.width = width
        self.height = height
        self._bars_height = height // 2
        self._strip_top = height - height // HEIGHT_SHARE
        scale = max(1, min(height // 100, width // (_LETTERS_MAX * ADVANCE)))
        self._pen = Pen(scale, _INK, _PAPER)
        self._stride = 0
        self._luma = bytearray()
        self._chroma: tuple[bytes, bytes] = (b"", b"")
        self._name = plain(name)[: width // (ADVANCE * scale) - 2]

    def draw(self, moment: FrameMoment) -> "VideoFrame":
        """Draw a new frame that shows `moment`. Takes about half a millisecond at 1280x720."""
        from av import VideoFrame

        frame = VideoFrame(self.width, self.height, "yuv420p")
        luma, blue, red = frame.planes
        if luma.line_size != self._stride:
            self._prepare(luma.line_size, blue.line_size)
        self._write_texts(moment)
        self._paint_flash(moment.is_flash)
        self._paint_strip(moment.wall_ms)
        luma.update(bytes(self._luma))
        blue.update(self._chroma[0])
        red.update(self._chroma[1])
        return frame

    def _prepare(self, stride: int, chroma_stride: int) -> None:
        """Draw the constant parts. Strides are in bytes; FFmpeg rounds them up."""
        below = self.height - self._bars_height
        self._stride = stride
        self._luma = bytearray(
            self._bars_line(0, self.width, stride) * self._bars_height
            + bytes([_PAPER]) * (stride * below)
        )
        grey = bytes([_GREY]) * (chroma_stride * (below // 2))
        lines = self.height // 2 - below // 2
        blue, red = (
            self._bars_line(part, self.width // 2, chroma_stride) * lines + grey for part in (1, 2)
        )
        self._chroma = (blue, red)
        self._write(self._name, 0)

    @staticmethod
    def _bars_line(part: int, width: int, stride: int) -> bytes:
        edges = [width * bar // len(_BARS) for bar in range(len(_BARS) + 1)]
        line = b"".join(
            bytes([bar[part]]) * (edges[index + 1] - edges[index])
            for index, bar in enumerate(_BARS)
        )
        return line.ljust(stride, b"\0")

    def _write_texts(self, moment: FrameMoment) -> None:
        self._write(f"{_time_of_day(moment.media_ms)} #{moment.frame_number}", 1)
        self._write(f"{_time_of_day(moment.wall_ms % _DAY_MS)} UTC", 2)

    def _write(self, text: str, line: int) -> None:
        """Write one of the three lines between the bars and the strip."""
        scale = self._pen.scale
        pitch = (self._strip_top - self._bars_height) // 3
        top = self._bars_height + line * pitch + (pitch - GLYPH_HEIGHT * scale) // 2
        left = ADVANCE * scale
        for index, row in enumerate(self._pen.rows(text)):
            row = row[: self.width - left]
            for y in range(top + index * scale, top + (index + 1) * scale):
                start = y * self._stride + left
                self._luma[start : start + len(row)] = row

    def flash_box(self) -> tuple[int, int, int, int]:
        """The place of the flash: left, top, width and height in pixels."""
        side = (self._strip_top - self._bars_height) // 3
        return self.width - side - side // 2, self._strip_top - side - side // 4, side, side

    def _paint_flash(self, is_on: bool) -> None:
        left, top, width, height = self.flash_box()
        row = bytes([WHITE if is_on else BLACK]) * width
        for y in range(top, top + height):
            start = y * self._stride + left
            self._luma[start : start + width] = row

    def _paint_strip(self, instant_ms: int) -> None:
        edges = [self.width * cell // CELLS for cell in range(CELLS + 1)]
        line = b"".join(
            bytes([WHITE if bit == "1" else BLACK]) * (edges[index + 1] - edges[index])
            for index, bit in enumerate(write_cells(instant_ms))
        ).ljust(self._stride, b"\0")
        start = self._strip_top * self._stride
        self._luma[start:] = line * (self.height - self._strip_top)


def _time_of_day(instant_ms: int) -> str:
    seconds, milliseconds = divmod(instant_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
