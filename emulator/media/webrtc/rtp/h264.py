"""H.264 over RTP (RFC 6184): payloads to NAL units and back, and NAL units to frames. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from emulator.core.errors import ProtocolError
from emulator.media import codecs
from emulator.media.codecs import h264
from emulator.media.codecs.nal import counted
from emulator.media.packets import Packet, VideoTrack

# The size that fits into a datagram with the headers of RTP, SRTP, UDP and IP on any network.
PAYLOAD_SIZE_MAX = 1_180
_STAP_A, _FU_A = 24, 28
_IDR, _SPS, _PPS, _DELIMITER, _FILLER = 5, 7, 8, 9, 12
_DROPPED = frozenset({_SPS, _PPS, _DELIMITER, _FILLER})
# A larger picture is invalid, or an attack on our memory.
FRAME_SIZE_MAX = 8 * 2**20
_LENGTH = 4


class Coded(NamedTuple):
    """One coded picture as MP4 carries it, and its track."""

    track: VideoTrack
    is_key: bool
    data: bytes


class Units:
    """Collects the NAL units of one frame, from payloads in order."""

    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._fragments: list[bytes] = []
        self._size = 0

    def push(self, payload: bytes) -> None:
        """Add a payload.

        Raises `ProtocolError` for one not in RFC 6184, and for a too large frame.
        """
        self._size += len(payload)
        if self._size > FRAME_SIZE_MAX:
            raise ProtocolError("H.264 frame is too large")
        if len(payload) < 2:
            raise ProtocolError("H.264 payload is too short")
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._push_fragment(payload)
        elif kind == _STAP_A:
            self._units += _aggregated(payload)
        elif 0 < kind < _STAP_A:
            self._units.append(payload)
        else:
            raise ProtocolError(f"H.264 payload of type {kind} is not supported")

    def take(self) -> list[bytes]:
        """Return the frame's units. An unfinished fragment is dropped."""
        units = self._units
        self._units, self._fragments, self._size = [], [], 0
        return units

    def _push_fragment(self, payload: bytes) -> None:
        head = payload[1]
        if head & 0x80:
            self._fragments = [bytes([payload[0] & 0xE0 | head & 0x1F])]
        elif not self._fragments:
            raise ProtocolError("H.264 fragment has no beginning")
        self._fragments.append(payload[2:])
        if head & 0x40:
            self._units.append(b"".join(self._fragments))
            self._fragments = []


class Frames:
    """Makes one source's frames from their NAL units; keeps the latest parameter sets.

    Refuses (`unsupported`) pictures that browsers do not show.
    """

    def __init__(self) -> None:
        self._sets: dict[int, bytes] = {}
        self._track: VideoTrack | None = None

    def frame(self, units: Iterable[bytes]) -> Coded | None:
        """Make a frame; None for one without a picture, or before its parameter sets have come."""
        pictures: list[bytes] = []
        is_key = False
        for unit in units:
            kind = unit[0] & 0x1F
            if kind in (_SPS, _PPS):
                self._note(kind, unit)
            if kind in _DROPPED or len(unit) < 2:
                continue
            is_key = is_key or kind == _IDR
            pictures += (len(unit).to_bytes(_LENGTH, "big"), unit)
        if not pictures:
            return None
        if self._track is None:
            if len(self._sets) < 2:
                return None
            record = h264.record(self._sets[_SPS], self._sets[_PPS])
            self._track = codecs.video(b"avc1").track(record)
        return Coded(self._track, is_key, b"".join(pictures))

    def _note(self, kind: int, unit: bytes) -> None:
        if self._sets.get(kind) != unit:
            self._sets[kind] = unit
            self._track = None


def split(stream: bytes) -> list[bytes]:
    """Split a byte stream into NAL units (H.264, annex B)."""
    units = []
    for piece in stream.split(b"\x00\x00\x01"):
        unit = piece.rstrip(b"\x00")
        if unit:
            units.append(unit)
    return units


def units_in(frame: bytes | memoryview, length_size: int) -> Iterator[bytes]:
    """Yield the NAL units of a frame as MP4 carries it. A cut-off unit is dropped."""
    at = 0
    while at + length_size < len(frame):
        size = int.from_bytes(frame[at : at + length_size], "big")
        at += length_size
        unit = bytes(frame[at : at + size])
        if len(unit) == size and size:
            yield unit
        at += size


def frame_payloads(packet: Packet, config: bytes) -> list[bytes]:
    """Make the RTP payloads of a frame as MP4 carries it; a key frame gets its parameter sets.

    Raises `ProtocolError` for a broken AVCDecoderConfigurationRecord.
    """
    length_size = (config[4] & 3) + 1
    units = [
        unit
        for unit in units_in(packet.data, length_size)
        if unit[0] & 0x1F not in (_DELIMITER, _FILLER)
    ]
    if packet.is_key:
        units = [*_parameter_sets(config), *units]
    return payloads(units)


def _parameter_sets(config: bytes) -> list[bytes]:
    """Read SPS and PPS (ISO/IEC 14496-15, 5.3.3.1)."""
    sequence, end = counted(config, 6, config[5] & 0x1F)
    picture, _ = counted(config, end + 1, config[end])
    return [*sequence, *picture]


def payloads(units: Iterable[bytes]) -> list[bytes]:
    """Make the RTP payloads of one frame's units: small ones together, large ones in fragments."""
    chunks: list[bytes] = []
    together: list[bytes] = []
    size = 1

    def flush() -> None:
        nonlocal size
        if len(together) == 1:
            chunks.append(together[0])
        elif together:
            reference = max(unit[0] & 0x60 for unit in together)
            head = bytes([reference | _STAP_A])
            chunks.append(head + b"".join(len(unit).to_bytes(2, "big") + unit for unit in together))
        together.clear()
        size = 1

    for unit in units:
        if len(unit) > PAYLOAD_SIZE_MAX:
            flush()
            chunks += _fragments(unit)
            continue
        if size + 2 + len(unit) > PAYLOAD_SIZE_MAX:
            flush()
        together.append(unit)
        size += 2 + len(unit)
    flush()
    return chunks


def _fragments(unit: bytes) -> Iterator[bytes]:
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    room = PAYLOAD_SIZE_MAX - 2
    for at in range(1, len(unit), room):
        is_first, is_last = at == 1, at + room >= len(unit)
        head = bytes([indicator, kind | is_first << 7 | is_last << 6])
        yield head + unit[at : at + room]


def _aggregated(payload: bytes) -> list[bytes]:
    units = []
    at = 1
    while at + 2 <= len(payload):
        size = payload[at] << 8 | payload[at + 1]
        unit = payload[at + 2 : at + 2 + size]
        if len(unit) < size:
            raise ProtocolError("H.264 aggregation packet is cut off")
        if unit:
            units.append(unit)
        at += 2 + size
    return units
