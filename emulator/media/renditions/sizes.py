"""Sizes: the names of renditions, which are heights, and the size and bit rate of each."""

from typing import NamedTuple

from emulator.media.packets import VideoTrack

# Bits a second at up to 30 frames; half as much again for more frames.
_BITS = {
    "144p": 150_000,
    "240p": 350_000,
    "360p": 700_000,
    "480p": 1_200_000,
    "720p": 2_500_000,
    "1080p": 4_500_000,
}
_USUAL_RATE = 35


class RenditionSize(NamedTuple):
    """The size of a rendition's picture. Both sides are even."""

    name: str
    width: int
    height: int


def sizes(names: tuple[str, ...], source: VideoTrack) -> list[RenditionSize]:
    """The sizes of these that are smaller than the source, the largest first."""
    heights = sorted({int(name.removesuffix("p")) for name in names}, reverse=True)
    return [
        RenditionSize(f"{height}p", fitting(source.display_width, source.height, height)[0], height)
        for height in heights
        if height < source.height
    ]


def fitting(width: int, height: int, height_max: int) -> tuple[int, int]:
    """The size of a picture of this shape that is at most `height_max` high, and not enlarged."""
    used = min(height, height_max)
    return max(2, 2 * round(width * used / height / 2)), max(2, used & ~1)


def bits_of(name: str, frame_rate: float) -> int:
    """The bit rate of a rendition, in bits a second."""
    usual = _BITS[name]
    return usual if frame_rate <= _USUAL_RATE else usual * 3 // 2
