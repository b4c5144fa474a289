"""VUI: the usability information of H.264 and HEVC (H.264 E.1.1, HEVC E.2.1).

Both begin with the same fields: the pixel aspect ratio and the colours. Later fields are not read.
"""

from math import gcd

from emulator.media.codecs.bits import Bits
from emulator.media.packets import Aspect, Colour

SQUARE: Aspect = (1, 1)
# Table E-1: the ratio for each aspect_ratio_idc; 0 means unspecified, 255 that two numbers follow.
_ASPECTS: tuple[Aspect, ...] = (
    SQUARE, (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11),
    (80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip
_EXTENDED = 255
_ASPECT_MAX = 1 << 16


def read(bits: Bits) -> tuple[Aspect, Colour | None]:
    """The pixel aspect ratio, and the colours where they are described."""
    aspect = SQUARE
    if bits.flag():
        number = bits.read(8)
        if number == _EXTENDED:
            aspect = aspect_of(bits.read(16), bits.read(16))
        elif number < len(_ASPECTS):
            aspect = _ASPECTS[number]
    if bits.flag():
        bits.skip(1)
    if not bits.flag():
        return aspect, None
    bits.skip(3)
    is_full_range = bits.flag()
    if not bits.flag():
        return aspect, None
    return aspect, Colour(bits.read(8), bits.read(8), bits.read(8), is_full_range)


def aspect_of(width: int, height: int) -> Aspect:
    """The ratio in its lowest terms; square for an invalid ratio or an extreme one (over 16)."""
    if width <= 0 or height <= 0:
        return SQUARE
    divisor = gcd(width, height)
    width, height = width // divisor, height // divisor
    is_usual = max(width, height) < _ASPECT_MAX and width <= 16 * height and height <= 16 * width
    return (width, height) if is_usual else SQUARE
