"""Read the time strip of a decoded picture: when the built-in publisher made the picture."""

from av import VideoFrame

from emulator.media.publisher.test_card.strip import CELLS, HEIGHT_SHARE, write_cells

_NUMBER_BITS = 48
_CONTRAST_MIN = 60


def read_cells(brightness: list[int]) -> int | None:
    """The instant in milliseconds that 68 brightness values encode, or None if they encode none."""
    dark, bright = brightness[1] + brightness[66], brightness[0] + brightness[67]
    if bright - dark < 2 * _CONTRAST_MIN:
        return None
    bits = "".join("1" if 4 * value > bright + dark else "0" for value in brightness)
    number = int(bits[2 : 2 + _NUMBER_BITS], 2)
    return number if bits == write_cells(number) else None


def read_strip(frame: VideoFrame) -> int | None:
    """The instant at which the frame was made, in milliseconds since 1970 UTC, or None.

    Works on a decoded picture of any size at which a cell is at least 4 pixels wide.
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
    # The mean of three lines, since the deblocking filter and noise change single ones.
    middle = luma.height * (2 * HEIGHT_SHARE - 1) // (2 * HEIGHT_SHARE)
    lines = [max(0, min(luma.height - 1, middle + offset)) for offset in (-1, 0, 1)]
    columns = [(2 * cell + 1) * luma.width // (2 * CELLS) for cell in range(CELLS)]
    return read_cells(
        [sum(pixels[line * plane.line_size + x] for line in lines) // 3 for x in columns]
    )
