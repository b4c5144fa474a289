"""Sizes of a video's pictures, by the CDN's rules (contract, Media addresses)."""

from typing import Literal

from msgspec import Struct

from emulator.world.library.recordings import Vod

Fit = Literal["crop", "clip", "scale", "fill"]

DEFAULT_HEIGHT = 640


class PictureSize(Struct, frozen=True):
    """A requested size in pixels; None is derived from the other side and the picture's shape."""

    width: int | None = None
    height: int | None = None
    fit: Fit = "crop"


def target(width: int, height: int, size: PictureSize) -> tuple[int, int]:
    """Return the box, in even pixels, into which a picture of `width` x `height` has to fit."""
    wanted_width, wanted_height = size.width, size.height
    if wanted_width is None and wanted_height is None:
        wanted_height = min(height, DEFAULT_HEIGHT)
    if wanted_width is None:
        wanted_width = round((wanted_height or 0) * width / height)
    if wanted_height is None:
        wanted_height = round(wanted_width * height / width)
    return even(wanted_width), even(wanted_height)


def even(value: float) -> int:
    """Return the nearest even number of pixels, at least 2: 4:2:0 video has no odd sizes."""
    return max(2, 2 * round(value / 2))


def of_vod(vod: Vod) -> tuple[int, int]:
    """Return the default size of a VOD's pictures; (0, 0) if it has no picture."""
    best = vod.best
    if best is None or not best.height:
        return 0, 0
    return target(best.width, best.height, PictureSize())
