"""Boxes of ISO base media files (ISO/IEC 14496-12), as bytes. Knows no codec."""

import struct


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box: its size, its four letters, its content."""
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box that begins with a version and 24 flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def visual_entry(kind: bytes, width: int, height: int, *boxes: bytes) -> bytes:
    """A VisualSampleEntry (12.1.3): size in pixels, 72 dpi, one frame a sample, 24 bit colour."""
    fixed = struct.pack(
        ">6xHHH12xHHIIIH32sHh", 1, 0, 0, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1
    )
    return box(kind, fixed, *boxes)


def audio_entry(kind: bytes, channels: int, sample_rate: int, *boxes: bytes) -> bytes:
    """An AudioSampleEntry (12.2.3). Rates over 16 bits are written 0: the codec's box knows."""
    rate = sample_rate if sample_rate < 1 << 16 else 0
    return box(kind, struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, rate << 16), *boxes)
