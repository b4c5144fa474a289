"""RTCP: the reports and feedback between receivers and senders of RTP, as far as used here.

They are written here, since each is a dozen bytes, and read by aiortc's parser, which knows all.
"""

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiortc.rtp import AnyRtcpPacket, RtcpPsfbPacket

_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION = 200, 201, 202
_TRANSPORT_FEEDBACK, _PICTURE_FEEDBACK = 205, 206
_NACK, _PLI, _REMB = 1, 1, 15
# The seconds from NTP's epoch (1900) to 1970.
_NTP_OFFSET_SECONDS = 2_208_988_800
_NAME = b"live-emulator"


def parse(data: bytes) -> "list[AnyRtcpPacket]":
    """Parse RTCP; an empty list for a broken packet: its content comes again a second later."""
    from aiortc.rtp import RtcpPacket

    try:
        return RtcpPacket.parse(data)
    except (ValueError, struct.error, IndexError):
        return []


def sources_of(asked: "RtcpPsfbPacket") -> set[int]:
    """The sources whose key frame is requested.

    A FIR lists them in its body (RFC 5104, 4.3.1.1).
    """
    numbers = {asked.media_ssrc}
    for at in range(0, len(asked.fci) - 7, 8):
        numbers.add(int.from_bytes(asked.fci[at : at + 4], "big"))
    return numbers


def ntp(instant_us: int) -> int:
    """Convert microseconds since 1970 to NTP's 32.32 bit seconds (RFC 3550, 4)."""
    seconds, us = divmod(instant_us, 1_000_000)
    return (seconds + _NTP_OFFSET_SECONDS) << 32 | (us << 32) // 1_000_000


def sender_report(ssrc: int, at: int, timestamp: int, packets: int, octets: int) -> bytes:
    """A sender report (RFC 3550, 6.4.1) with its description. `at` is in NTP's format."""
    report = struct.pack(
        ">BBHIQIII",
        0x80,
        _SENDER_REPORT,
        6,
        ssrc,
        at & 0xFFFFFFFFFFFFFFFF,
        timestamp & 0xFFFFFFFF,
        packets & 0xFFFFFFFF,
        octets & 0xFFFFFFFF,
    )
    return report + _description(ssrc)


def receiver_report(
    own_ssrc: int, ssrc: int, *, fraction_lost: int, lost: int, highest: int, last: int, delay: int
) -> bytes:
    """A receiver report (RFC 3550, 6.4.2) of one source.

    `last` and `delay` refer to that source's last sender report.
    """
    return struct.pack(
        ">BBHIIIIIII",
        0x81,
        _RECEIVER_REPORT,
        7,
        own_ssrc,
        ssrc,
        (fraction_lost & 0xFF) << 24 | min(max(lost, 0), 0x7FFFFF),
        highest & 0xFFFFFFFF,
        0,
        last & 0xFFFFFFFF,
        delay & 0xFFFFFFFF,
    )


def nack(own_ssrc: int, ssrc: int, sequences: list[int]) -> bytes:
    """Request these packets again (RFC 4585, 6.2.1): a number, and which of the 16 after it."""
    pairs: list[tuple[int, int]] = []
    for sequence in sequences:
        if pairs and 0 < (sequence - pairs[-1][0]) & 0xFFFF <= 16:
            base, mask = pairs[-1]
            pairs[-1] = (base, mask | 1 << ((sequence - base & 0xFFFF) - 1))
        else:
            pairs.append((sequence, 0))
    body = b"".join(struct.pack(">HH", *pair) for pair in pairs)
    head = struct.pack(">BBHII", 0x80 | _NACK, _TRANSPORT_FEEDBACK, 2 + len(pairs), own_ssrc, ssrc)
    return head + body


def pli(own_ssrc: int, ssrc: int) -> bytes:
    """Request a key frame (RFC 4585, 6.3.1)."""
    return struct.pack(">BBHII", 0x80 | _PLI, _PICTURE_FEEDBACK, 2, own_ssrc, ssrc)


def remb(own_ssrc: int, ssrc: int, bits_per_second: int) -> bytes:
    """Tell the highest bit rate to send (draft-alvestrand-rmcat-remb-03, 2.2)."""
    exponent = max(0, bits_per_second.bit_length() - 18)
    mantissa = bits_per_second >> exponent
    size = 1 << 24 | exponent << 18 | mantissa
    return struct.pack(
        ">BBHII4sII", 0x80 | _REMB, _PICTURE_FEEDBACK, 5, own_ssrc, 0, b"REMB", size, ssrc
    )


def _description(ssrc: int) -> bytes:
    """The name (RFC 3550, 6.5) by which a peer finds audio and video that belong together."""
    item = struct.pack(">IBB", ssrc, 1, len(_NAME)) + _NAME + b"\x00"
    item += bytes(-len(item) % 4)
    return struct.pack(">BBH", 0x81, _DESCRIPTION, len(item) // 4) + item
