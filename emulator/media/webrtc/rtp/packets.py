"""RTP: reads and writes packets (RFC 3550, 5.1), and follows counters that wrap. Pure."""

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
    """Read an RTP packet. Raises `ProtocolError` for anything else."""
    if len(data) < HEADER_SIZE:
        raise ProtocolError("RTP packet is too short")
    first, second, sequence, timestamp, ssrc = _HEAD.unpack_from(data)
    if first >> 6 != 2:
        raise ProtocolError("RTP packet has another version")
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
    """Write an RTP packet. `sequence` and `timestamp` may exceed their 16 and 32 bits."""
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
    """Whether a packet is RTCP: its packet types are no payload types of ours (RFC 5761, 4)."""
    return len(data) >= 2 and 192 <= data[1] <= 223


class Counter:
    """A counter of `bits` bits that wraps, followed from its first value on."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def follow(self, number: int) -> int:
        """Return the number as if it never wrapped: the fitting one nearest to the last."""
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
