"""RTP: reads and writes packets (RFC 3550, 5.1), and counts where its counters wrap. Pure."""

import struct
from typing import NamedTuple

from emulator.core.errors import ProtocolError

_HEAD = struct.Struct(">BBHII")
HEADER_SIZE = _HEAD.size


class RtpPacket(NamedTuple):
    payload_type: int
    is_marked: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> RtpPacket:
    """Raises `ProtocolError` for what is no RTP packet."""
    if len(data) < HEADER_SIZE:
        raise ProtocolError("RTP packet is too short")
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    if first >> 6 != 2:
        raise ProtocolError("RTP packet is of another version")
    begin = HEADER_SIZE + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < begin + 4:
            raise ProtocolError("RTP header extension is cut off")
        begin += 4 + 4 * (data[begin + 2] << 8 | data[begin + 3])
    end = len(data)
    if first & 0x20:
        if not 0 < data[-1] <= end - begin:
            raise ProtocolError("RTP padding is longer than its packet")
        end -= data[-1]
    if begin > end:
        raise ProtocolError("RTP packet is cut off")
    return RtpPacket(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[begin:end])


def write(
    payload_type: int, is_marked: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes
) -> bytes:
    """`sequence` and `timestamp` may have grown over their 16 and 32 bits."""
    return (
        _HEAD.pack(
            0x80,
            0x80 | payload_type if is_marked else payload_type,
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
        )
        + payload
    )


def is_rtcp(data: bytes) -> bool:
    """RFC 5761, 4: RTCP's packet types lie where no payload type of ours does."""
    return len(data) >= 2 and 192 <= data[1] <= 223


class Counter:
    """A number of so many bits that wraps, followed from the first one on."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def follow(self, number: int) -> int:
        """The number as if it never wrapped: the one next to the last that fits."""
        last = self._last
        if last is None:
            self._last = number
            return number
        half = self._size >> 1
        step = (number - last + half) % self._size - half
        whole = last + step
        if step > 0:
            self._last = whole
        return whole
