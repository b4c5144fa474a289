"""The scene: the picture of a seeded channel: an editor at work, its owner, its title.

All of it follows from the `Look`, and its end joins its beginning: the text scrolls by all its
lines in one round. Colours are the channel's own; luma, blue and red difference are ITU-R BT.709 in
limited range, as in the test picture.
"""

import hashlib
from colorsys import hls_to_rgb
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from emulator.media.publisher.test_card.glyphs import ADVANCE, GLYPH_HEIGHT, Pen, plain
from emulator.media.publisher.test_card.picture import FrameMoment

if TYPE_CHECKING:
    from av import VideoFrame

# The time in which a line is typed, and the number of lines: 8 s in all.
LINE_MS: Final = 500
LINES: Final = 16
# All lengths below are in 1/360 of the picture's height.
_HEIGHT = 360
_BAR = 26
_PITCH = 15
_BAND_TOP = 274
_FACE = (448, 134, 168, 126)
_HEAD = 38
_TITLE_LINES = 2
_NAME_LETTERS = 24

Colour = tuple[int, int, int]
Block = tuple[int, int, Colour]


class Look(Struct, frozen=True):
    """The look of a channel: its owner's name and initial, its title, and its hue in degrees."""

    name: str
    letter: str
    title: str
    hue: int


class Canvas:
    """A frame's three planes (yuv420p), in which rectangles are drawn at even positions."""

    def __init__(self, width: int, height: int, strides: tuple[int, int]) -> None:
        self.width = width
        self.height = height
        self.strides = (strides[0], strides[1], strides[1])
        rows = (height, height // 2, height // 2)
        self.planes = tuple(
            bytearray(stride * count) for stride, count in zip(self.strides, rows, strict=True)
        )

    def fill(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """Draw a rectangle, clipped to the picture. Odd edges are moved by one pixel."""
        left, top = max(0, left & ~1), max(0, top & ~1)
        right = min(self.width, (left + width + 1) & ~1)
        bottom = min(self.height, (top + height + 1) & ~1)
        for plane, stride, value, halves in zip(
            self.planes, self.strides, colour, (0, 1, 1), strict=True
        ):
            row = bytes([value]) * ((right - left) >> halves)
            for y in range(top >> halves, bottom >> halves):
                start = y * stride + (left >> halves)
                plane[start : start + len(row)] = row

    def disc(self, middle: tuple[int, int], radius: int, colour: Colour) -> None:
        """Draw a filled circle."""
        for y in range(-radius & ~1, radius, 2):
            half = round((radius * radius - y * y) ** 0.5)
            self.fill(middle[0] - half, middle[1] + y, 2 * half, 2, colour)

    def write(self, text: str, left: int, top: int, scale: int, inks: tuple[int, int]) -> None:
        """Write a line of text in two luma values, ink and paper; the colour behind it stays.

        Text that does not fit into the picture is cut off at its right and lower edge.
        """
        plane, stride = self.planes[0], self.strides[0]
        for index, row in enumerate(Pen(scale, *inks).rows(text)):
            row = row[: max(0, self.width - left)]
            for y in range(top + index * scale, min(self.height, top + (index + 1) * scale)):
                plane[y * stride + left : y * stride + left + len(row)] = row

    def copy_rows(self, other: "Canvas", source: int, target: int, count: int) -> None:
        """Copy `count` rows of another canvas of the same width, from and to even rows."""
        for plane, theirs, stride, halves in zip(
            self.planes, other.planes, self.strides, (0, 1, 1), strict=True
        ):
            first, length = (source >> halves) * stride, (count >> halves) * stride
            start = (target >> halves) * stride
            plane[start : start + length] = theirs[first : first + length]


class Scene:
    """Draws frames of one size, in yuv420p, as `Picture` does."""

    def __init__(self, width: int, height: int, look: Look) -> None:
        """Refuse sizes that yuv420p cannot have (odd)."""
        if width % 2 or height % 2:
            raise ValueError(f"invalid size {width}x{height}: both must be even")
        self.width = width
        self.height = height
        self._look = look
        self._palette = _Palette(look.hue)
        self._lines = _lines(look, self._palette)
        self._still: Canvas | None = None
        self._text: Canvas | None = None

    def draw(self, moment: FrameMoment) -> "VideoFrame":
        """Draw a new frame that shows `moment`."""
        from av import VideoFrame

        frame = VideoFrame(self.width, self.height, "yuv420p")
        strides = (frame.planes[0].line_size, frame.planes[1].line_size)
        if self._still is None or self._text is None or self._still.strides[:2] != strides:
            self._still, self._text = self._draw_still(strides), self._draw_text(strides)
        canvas = Canvas(self.width, self.height, strides)
        for plane, still in zip(canvas.planes, self._still.planes, strict=True):
            plane[:] = still
        self._type(canvas, self._text, moment.media_ms)
        self._draw_face(canvas)
        for target, plane in zip(frame.planes, canvas.planes, strict=True):
            target.update(bytes(plane))
        return frame

    def _size(self, length: int) -> int:
        """Convert a length of the layout to pixels of this picture, even."""
        return (length * self.height // _HEIGHT) & ~1

    def _type(self, canvas: Canvas, text: Canvas, media_ms: int) -> None:
        """Draw the text typed so far: the current line, and above it those before it."""
        number, since_ms = divmod(media_ms % (LINE_MS * LINES), LINE_MS)
        pitch, bottom = self._pitch, self._size(_BAND_TOP)
        # The text is drawn twice, one round below the other, so that lines stand above every line.
        visible = min(LINES, (bottom - self._size(_BAR)) // pitch)
        first = LINES + number + 1 - visible
        canvas.copy_rows(text, first * pitch, bottom - visible * pitch, visible * pitch)
        line = self._lines[number]
        length = sum(width for _, width, _ in line)
        left = self._size(line[0][0] + length * since_ms // LINE_MS)
        canvas.fill(left, bottom - pitch, self.width - left, pitch, self._palette.paper)
        cursor = bottom - pitch + pitch // 5
        canvas.fill(left, cursor, self._size(6), self._size(9), self._palette.ink)

    @property
    def _pitch(self) -> int:
        return max(2, self._size(_PITCH))

    def _draw_text(self, strides: tuple[int, int]) -> Canvas:
        pitch = self._pitch
        text = Canvas(self.width, 2 * LINES * pitch, strides)
        text.fill(0, 0, text.width, text.height, self._palette.paper)
        for number in range(2 * LINES):
            top = number * pitch + pitch // 4
            text.fill(self._size(14), top, self._size(12), self._size(7), self._palette.dim)
            for left, width, colour in self._lines[number % LINES]:
                text.fill(self._size(left), top, self._size(width - 6), self._size(7), colour)
        return text

    def _draw_still(self, strides: tuple[int, int]) -> Canvas:
        """Draw the constant parts: the window's bar, and the band with name and title."""
        canvas, palette, size = Canvas(self.width, self.height, strides), self._palette, self._size
        canvas.fill(0, 0, self.width, self.height, palette.paper)
        canvas.fill(0, 0, self.width, size(_BAR), palette.bar)
        for number, dot in enumerate(palette.dots):
            canvas.fill(size(14 + 20 * number), size(8), size(10), size(10), dot)
        small, name = self._scale(2), plain(self._look.name)[:_NAME_LETTERS]
        tab = size(24) + len(name) * ADVANCE * small
        canvas.fill(size(118), size(4), tab, size(_BAR - 4), palette.paper)
        canvas.write(name, size(130), size(8), small, (palette.soft, palette.paper[0]))
        canvas.fill(0, size(_BAND_TOP), self.width, self.height, palette.band)
        canvas.fill(0, size(_BAND_TOP), self.width, size(4), palette.accent)
        self._draw_title(canvas)
        return canvas

    def _draw_title(self, canvas: Canvas) -> None:
        scale, ground = self._scale(3), self._palette.band[0]
        letters = max(1, (self.width - 2 * self._size(18)) // (ADVANCE * scale))
        top = self._size(_BAND_TOP + 18)
        for line in wrap(plain(self._look.title), letters, _TITLE_LINES):
            canvas.write(line, self._size(18), top, scale, (235, ground))
            top += (GLYPH_HEIGHT + 4) * scale

    def _draw_face(self, canvas: Canvas) -> None:
        """Draw the owner's camera image: a letter in place of a face, and shoulders."""
        palette, size = self._palette, self._size
        left, top, width, height = (size(length) for length in _FACE)
        left += self.width - size(640)
        canvas.fill(left - size(4), top - size(4), width + size(8), height + size(8), palette.bar)
        canvas.fill(left, top, width, height, palette.wall)
        middle = left + width // 2
        shoulders = top + height - size(18)
        for y in range(shoulders, top + height, 2):
            half = min(width // 2, size(40) + 2 * (y - shoulders))
            canvas.fill(middle - half, y, 2 * half, 2, palette.accent)
        centre = (middle, top + height // 2 - size(4))
        canvas.disc(centre, size(_HEAD + 4), palette.bar)
        canvas.disc(centre, size(_HEAD), palette.accent)
        scale = self._scale(7)
        canvas.write(
            self._look.letter,
            max(0, centre[0] - 5 * scale // 2),
            max(0, centre[1] - GLYPH_HEIGHT * scale // 2),
            scale,
            (235, palette.accent[0]),
        )

    def _scale(self, scale: int) -> int:
        return max(1, scale * self.height // _HEIGHT)


class _Palette:
    """A channel's colours, all derived from its hue."""

    def __init__(self, hue: int) -> None:
        self.paper = _colour(hue, 0.13, 0.30)
        self.bar = _colour(hue, 0.08, 0.30)
        self.dim = _colour(hue, 0.25, 0.20)
        self.soft = _colour(hue, 0.75, 0.30)[0]
        self.ink = _colour(hue, 0.90, 0.30)
        self.accent = _colour(hue, 0.45, 0.65)
        self.band = _colour(hue, 0.24, 0.60)
        self.wall = _colour(hue + 40, 0.28, 0.35)
        self.dots = (_colour(4, 0.6, 0.7), _colour(42, 0.6, 0.7), _colour(135, 0.5, 0.5))
        self.code = (
            _colour(hue, 0.62, 0.60),
            _colour(hue, 0.78, 0.15),
            _colour(hue + 60, 0.66, 0.50),
            _colour(hue + 180, 0.66, 0.50),
            _colour(hue, 0.42, 0.25),
        )


def _colour(hue: int, lightness: float, saturation: float) -> Colour:
    """Convert HSL to BT.709 in limited range (ITU-R BT.709-6, 3)."""
    red, green, blue = hls_to_rgb(hue % 360 / 360, lightness, saturation)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (
        round(16 + 219 * luma),
        round(128 + 224 * (blue - luma) / 1.8556),
        round(128 + 224 * (red - luma) / 1.5748),
    )


def _lines(look: Look, palette: _Palette) -> list[list[Block]]:
    """The editor's text: blocks in place of words, each with its left edge and width."""
    source = hashlib.shake_128(f"{look.name}\0{look.title}".encode()).digest(12 * LINES)
    lines: list[list[Block]] = []
    indent = 0
    for number in range(LINES):
        draws = source[12 * number : 12 * number + 12]
        indent = max(0, min(4, indent + (0, 1, -1, 0)[draws[0] % 4]))
        left, line = 44 + 24 * indent, list[Block]()
        for word in range(2 + draws[1] % 5):
            width = 22 + draws[2 + word] % 62
            line.append((left, width, palette.code[draws[7 + word % 5] % len(palette.code)]))
            left += width
        lines.append(line)
    return lines


def wrap(text: str, letters: int, lines_max: int) -> list[str]:
    """Wrap the text into lines of at most `letters`; the rest is cut off with dots."""
    lines = [""]
    words = text.split()
    for word in words:
        line = f"{lines[-1]} {word}".strip()
        if len(line) <= letters or not lines[-1]:
            lines[-1] = line
        else:
            lines.append(word)
    lines = [line if len(line) <= letters else line[: letters - 2] + ".." for line in lines]
    if len(lines) > lines_max:
        lines[lines_max - 1] = lines[lines_max - 1][: letters - 2] + ".."
    return lines[:lines_max]
