"""Boxes of ISO base media files (ISO/IEC 14496-12), as bytes. This module knows no codec."""

import struct

from emulator.media.packets import VideoTrack


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: its size, its four-letter type, its content."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with a version and 24 bits of flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def visual_entry(kind: bytes, track: VideoTrack, *boxes: bytes) -> bytes:
    """A VisualSampleEntry (12.1.3): size in pixels, 72 dpi, one frame a sample, 24 bit colour.

    Behind the codec's boxes come `pasp`, if pixels are not square, and `colr`, if colours are
    known.
    """
    fixed = struct.pack(
        ">6xHHH12xHHIIIH32sHh",
        *(1, 0, 0, track.width, track.height, 0x480000, 0x480000, 0, 1, b"", 24, -1),
    )
    described = []
    if track.aspect[0] != track.aspect[1]:
        described.append(box(b"pasp", struct.pack(">II", *track.aspect)))
    if track.colour is not None:
        colour = track.colour
        codes = (colour.primaries, colour.transfer, colour.matrix, colour.is_full_range << 7)
        described.append(box(b"colr", b"nclx", struct.pack(">HHHB", *codes)))
    return box(kind, fixed, *boxes, *described)


def audio_entry(kind: bytes, channels: int, sample_rate: int, *boxes: bytes) -> bytes:
    """An AudioSampleEntry (12.2.3). A rate over 16 bits is written as 0: the codec's box has it."""
    rate = sample_rate if sample_rate < 1 << 16 else 0
    return box(kind, struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, rate << 16), *boxes)
