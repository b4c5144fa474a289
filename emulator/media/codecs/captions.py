"""Closed captions inside a picture (CEA-608 and 708)."""

from emulator.media.codecs.formats import Payload

# User data of the United States (0xB5), ATSC (0x0031), GA94 (ANSI/SCTE 128-1, 8.1; CTA-708-E, 4.4).
_CAPTIONS = b"\xb5\x00\x31GA94"
# They stand in a message before the picture itself, behind its parameter sets at most.
_HEAD_BYTES = 1024


def has_captions(frame: Payload) -> bool:
    """Whether a coded frame carries captions."""
    return _CAPTIONS in bytes(frame[:_HEAD_BYTES])
