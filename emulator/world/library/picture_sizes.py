"""How large pictures of a video are. Sizes and fits are the CDN's (contract, Media addresses)."""

from typing import Literal

from msgspec import Struct

from emulator.world.library.recordings import Vod

Fit = Literal["crop", "clip", "scale", "fill"]

DEFAULT_HEIGHT = 640


class PictureSize(Struct, frozen=True):
    """What is asked for, in pixels; None follows the other by the picture's shape."""

    width: int | None = None
    height: int | None = None
    fit: Fit = "crop"


def target(width: int, height: int, size: PictureSize) -> tuple[int, int]:
    """The box, in even pixels, that a picture of `width` x `height` is asked to go into."""
    wanted_width, wanted_height = size.width, size.height
    if wanted_width is None and wanted_height is None:
        wanted_height = min(height, DEFAULT_HEIGHT)
    if wanted_width is None:
        wanted_width = round((wanted_height or 0) * width / height)
    if wanted_height is None:
        wanted_height = round(wanted_width * height / width)
    return even(wanted_width), even(wanted_height)


def even(value: float) -> int:
    """The nearest even number of pixels, 2 at least: 4:2:0 video has no odd sizes."""
    return max(2, 2 * round(value / 2))


def of_vod(vod: Vod) -> tuple[int, int]:
    """How large a VOD's pictures are where nobody asks for a size; (0, 0) where there is none."""
    best = vod.best
    if best is None or not best.height:
        return 0, 0
    return target(best.width, best.height, PictureSize())
