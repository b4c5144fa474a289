"""The strip: the instant a frame was made, as black and white cells along the picture's bottom.

The format is fixed, so that any reader, such as JavaScript with a canvas, can do without this file:

- The strip is the lowest 1/12 of the picture's height, over its whole width, in one row of 68
  cells of equal width. Positions are shares of the picture's size: scaling keeps it legible.
- Cells 0 and 1 are white and black; cells 66 and 67 are black and white. The threshold is the mean
  brightness of these four; where the whites are not clearly brighter there is no strip.
- Cells 2 to 49 are a number of 48 bits, the highest first, white for 1: milliseconds since 1970.
- Cells 50 to 65 are the CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF, nothing reflected or
  inverted) of that number's six bytes, the highest first.
- Read the brightness in a cell's middle: x = (cell + 0.5) * width / 68, y = height * 23 / 24.
"""

from binascii import crc_hqx
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoFrame

CELLS = 68
# The strip's height is the picture's over this.
HEIGHT_SHARE = 12
# Luma of black and white in limited range (ITU-R BT.709, 6).
BLACK = 16
WHITE = 235

_NUMBER_BITS = 48
_CHECK_BITS = 16
_CONTRAST_MIN = 60


def write_cells(instant_ms: int) -> str:
    """The 68 cells as `0` (black) and `1` (white). Refuses what 48 bits cannot hold."""
    if not 0 <= instant_ms < 1 << _NUMBER_BITS:
        raise ValueError(f"not an instant that a strip can carry: {instant_ms} ms")
    number = instant_ms.to_bytes(_NUMBER_BITS // 8, "big")
    check = crc_hqx(number, 0xFFFF)
    return f"10{instant_ms:0{_NUMBER_BITS}b}{check:0{_CHECK_BITS}b}01"


def read_cells(brightness: list[int]) -> int | None:
    """The instant in milliseconds that 68 brightness values spell, or None if they spell none."""
    dark, bright = brightness[1] + brightness[66], brightness[0] + brightness[67]
    if bright - dark < 2 * _CONTRAST_MIN:
        return None
    bits = "".join("1" if 4 * value > bright + dark else "0" for value in brightness)
    number = int(bits[2 : 2 + _NUMBER_BITS], 2)
    return number if bits == write_cells(number) else None


def read_strip(frame: "VideoFrame") -> int | None:
    """When the frame was made, in milliseconds since 1970 UTC, or None if it does not say.

    Works on any decoded picture of any size at which a cell is at least 4 pixels wide.
    """
    luma = (
        frame
        if frame.format.name.startswith(("yuv", "nv12", "gray"))
        else frame.reformat(format="gray")
    )
    plane = luma.planes[0]
    if plane.line_size < luma.width:
        return None
    pixels = memoryview(plane)
    # Three lines are averaged: the deblocking filter and noise hit single ones.
    middle = luma.height * (2 * HEIGHT_SHARE - 1) // (2 * HEIGHT_SHARE)
    lines = [max(0, min(luma.height - 1, middle + offset)) for offset in (-1, 0, 1)]
    columns = [(2 * cell + 1) * luma.width // (2 * CELLS) for cell in range(CELLS)]
    return read_cells(
        [sum(pixels[line * plane.line_size + x] for line in lines) // 3 for x in columns]
    )
