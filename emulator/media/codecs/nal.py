"""NAL units as MP4 and FLV carry them (H.264, HEVC): each after its length (ISO/IEC 14496-15).

This module knows no types of units: each codec's file says which ones it means.
"""

from collections.abc import Collection, Sequence
from struct import Struct as Layout

from emulator.core.errors import ProtocolError
from emulator.media.codecs.formats import Payload

_COUNTED = 2
# The length that nearly every encoder uses. It is read twice as fast this way.
_USUAL_SIZE, _USUAL_LENGTH = 4, Layout(">I")
# The start code before each unit of a byte stream (H.264 and HEVC, annex B); a zero byte may come
# before it.
_START_CODE = b"\x00\x00\x01"
# The number of first frames, from the first key frame on, that show how an encoder writes frames.
_SEARCHED_FRAMES = 100


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


def split(content: Payload) -> list[bytes]:
    """The units of a byte stream, split at start codes, without the zeros after each unit."""
    return [unit for piece in bytes(content).split(_START_CODE) if (unit := piece.rstrip(b"\x00"))]


def has_start_code(content: Payload) -> bool:
    """Whether the content begins with a start code, as a byte stream does."""
    return bytes(content[:3]) == _START_CODE or bytes(content[:4]) == b"\x00" + _START_CODE


class LengthPrefixer:
    """Writes frames as MP4 wants them: a length of `length_size` bytes before each NAL unit.

    It serves one stream. Some encoders send start codes instead (FFmpeg decodes that, browsers do
    not), also within a unit, or units of no length. Correct frames are returned unchanged. Start
    codes within a unit are searched in the first frames, and in all frames of an encoder that has
    sent any.
    """

    def __init__(self, length_size: int, name: str) -> None:
        self._length_size = length_size
        self._name = name
        self._has_start_codes = False
        self._to_search = _SEARCHED_FRAMES
        self._is_correct = True

    def __call__(self, frame: Payload) -> Payload:
        """Return the frame with lengths.

        Raises `ProtocolError` for one without lengths or start codes.
        """
        if not self._to_search and self._is_correct and self._adds_up(frame):
            return frame
        self._to_search = max(0, self._to_search - 1)
        repaired = self._repaired(frame)
        self._is_correct = self._is_correct and repaired is frame
        return repaired

    def _adds_up(self, frame: Payload) -> bool:
        """Whether the lengths of the units lead exactly to the end, and none is 0."""
        size, at, end = self._length_size, 0, len(frame)
        while at + size <= end:
            if size == _USUAL_SIZE:
                (length,) = _USUAL_LENGTH.unpack_from(frame, at)
            else:
                length = int.from_bytes(frame[at : at + size], "big")
            if not length:
                return False
            at += size + length
        return at == end

    def _repaired(self, frame: Payload) -> Payload:
        is_stream = has_start_code(frame)
        units = None if is_stream and self._has_start_codes else self._units(frame)
        if units is None:
            if not is_stream:
                raise ProtocolError(
                    f"{self._name} frame is broken: the lengths of its NAL units do not add up, "
                    "and it has no start codes. Update or restart the encoder"
                )
            self._has_start_codes = True
            units = split(frame)
        elif all(units) and not any(_START_CODE in unit for unit in units):
            return frame
        else:
            units = [part for unit in units for part in split(unit)]
        return b"".join(
            piece for unit in units for piece in (len(unit).to_bytes(self._length_size), unit)
        )

    def _units(self, frame: Payload) -> list[bytes] | None:
        """The units by their lengths; None where the lengths do not fit.

        Zeros at the end are ignored.
        """
        whole, size, at = bytes(frame), self._length_size, 0
        units = []
        while at + size <= len(whole):
            length = int.from_bytes(whole[at : at + size])
            at += size + length
            units.append(whole[at - length : at])
        if at > len(whole) or whole[at:].strip(b"\x00"):
            return None
        return [*units, b""] if at < len(whole) else units


def put_first(
    frame: Payload,
    units: Sequence[bytes],
    *,
    length_size: int,
    delimiters: Collection[int],
    present: Collection[int],
) -> Payload:
    """The frame with `units` before all others, except an access unit delimiter.

    `delimiters` and `present` are first bytes of units. A frame that begins with one of `present`
    already has such units, and is returned unchanged.
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
    """The first byte of the unit at `at`; -1 at the end of the frame."""
    header = frame[at + length_size : at + length_size + 1]
    return header[0] if header else -1
