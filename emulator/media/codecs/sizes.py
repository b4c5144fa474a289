"""Sizes: the largest picture that a publisher may send, whatever its codec.

A header can name up to 65,536 pixels a side; decoders accept what their levels allow, and MP4 has
16 bits for a side (ISO/IEC 14496-12, 12.1.3).
"""

from emulator.core.errors import ProtocolError, Refused

# The largest sizes of AV1's and HEVC's levels (AV1, A.3: 16,384 wide; 16,384 x 8,704 in all).
SIDE_PIXELS_MAX = 16_384
PICTURE_PIXELS_MAX = SIDE_PIXELS_MAX * 8_704


def check_size(codec: str, width: int, height: int) -> tuple[int, int]:
    """Return the size, in pixels. Refuses (`unsupported`) a picture that no decoder could show.

    Raises `ProtocolError` for a size of 0, which is in a broken header.
    """
    if width <= 0 or height <= 0:
        raise ProtocolError(f"{codec} header has an invalid picture size: {width} x {height}")
    if max(width, height) > SIDE_PIXELS_MAX or width * height > PICTURE_PIXELS_MAX:
        raise Refused(
            "unsupported",
            f"A picture of {width} x {height} pixels is too large: at most {SIDE_PIXELS_MAX} a "
            f"side, and {PICTURE_PIXELS_MAX // 10**6} million in all. In OBS: Settings, Video, "
            "Output Resolution.",
        )
    return width, height
