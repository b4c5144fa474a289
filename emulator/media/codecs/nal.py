"""NAL units as MP4 and FLV carry H.264 and HEVC: each with its length before it (ISO/IEC 14496-15).

Knows no unit's type: a codec's file says which ones it means.
"""

from collections.abc import Collection, Sequence

from emulator.core.errors import ProtocolError
from emulator.media.codecs.formats import Payload

_COUNTED = 2


def counted(config: bytes, at: int, count: int) -> tuple[list[bytes], int]:
    """`count` units of a configuration record from `at` on, and where the last one ends.

    Raises `ProtocolError` where the record is cut off.
    """
    units: list[bytes] = []
    for _ in range(count):
        length = int.from_bytes(config[at : at + _COUNTED], "big")
        unit = config[at + _COUNTED : at + _COUNTED + length]
        if not length or len(unit) < length:
            raise ProtocolError("a configuration record is cut off in its parameter sets")
        units.append(unit)
        at += _COUNTED + length
    return units, at


def put_first(
    frame: Payload,
    units: Sequence[bytes],
    *,
    length_size: int,
    delimiters: Collection[int],
    present: Collection[int],
) -> Payload:
    """The frame with `units` before all others, but for an access unit delimiter.

    `delimiters` and `present` are first bytes of units. A frame that begins with one of `present`
    has such units of its own, and stays as it is.
    """
    at = 0
    if _first_byte(frame, at, length_size) in delimiters:
        at = length_size + int.from_bytes(frame[:length_size], "big")
    if _first_byte(frame, at, length_size) in present:
        return frame
    if any(len(unit) >> 8 * length_size for unit in units):
        return frame
    lengths = [len(unit).to_bytes(length_size, "big") for unit in units]
    added = [piece for pair in zip(lengths, units, strict=True) for piece in pair]
    return b"".join([frame[:at], *added, frame[at:]])


def _first_byte(frame: Payload, at: int, length_size: int) -> int:
    """-1 where the frame has ended."""
    found = frame[at + length_size : at + length_size + 1]
    return found[0] if found else -1
