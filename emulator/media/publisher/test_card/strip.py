"""The strip: the time at which a frame was made, as black and white cells along its bottom.

The format is fixed, so that a reader, such as JavaScript with a canvas, does not need this file:

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

CELLS = 68
# The picture's height divided by the strip's.
HEIGHT_SHARE = 12
# Luma of black and white in limited range (ITU-R BT.709, 6).
BLACK = 16
WHITE = 235

_NUMBER_BITS = 48
_CHECK_BITS = 16


def write_cells(instant_ms: int) -> str:
    """Return the 68 cells as `0` (black) and `1` (white). Refuses a time of over 48 bits."""
    if not 0 <= instant_ms < 1 << _NUMBER_BITS:
        raise ValueError(f"time out of range for a strip: {instant_ms} ms")
    number = instant_ms.to_bytes(_NUMBER_BITS // 8, "big")
    check = crc_hqx(number, 0xFFFF)
    return f"10{instant_ms:0{_NUMBER_BITS}b}{check:0{_CHECK_BITS}b}01"
