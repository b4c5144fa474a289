"""RtpSender: one RTP source that we send to a peer: numbered, kept for resending, reported."""

from collections.abc import Callable

from emulator.core.ids import trace_id
from emulator.media.webrtc.rtp import packets, rtcp

# How far back a lost packet can be sent again: some 3 s of a 3 Mbit/s picture.
_HISTORY = 1_024


class RtpSender:
    """`send` takes each packet on its way."""

    def __init__(self, payload_type: int, send: Callable[[bytes], None]) -> None:
        self.ssrc = int(trace_id()[:8], 16) or 1
        self._payload_type = payload_type
        self._send = send
        # A random begin (RFC 3550, 5.1), far from a wrap, which SRTP's first packets must not meet.
        self._sequence = int(trace_id()[:4], 16) >> 1
        self._history: list[tuple[int, bytes] | None] = [None] * _HISTORY
        self._packets = 0
        self._octets = 0

    def push(self, payloads: list[bytes], timestamp: int) -> None:
        """One frame. Its last payload is marked."""
        last = len(payloads) - 1
        for index, payload in enumerate(payloads):
            sequence = self._sequence
            packet = packets.write(
                self._payload_type, index == last, sequence, timestamp, self.ssrc, payload
            )
            self._keep(sequence, packet, len(payload))
            self._send(packet)

    def forward(self, payload_type: int, payload: bytes, is_marked: bool, timestamp: int) -> None:
        """One packet of somebody else's frame."""
        sequence = self._sequence
        packet = packets.write(payload_type, is_marked, sequence, timestamp, self.ssrc, payload)
        self._keep(sequence, packet, len(payload))
        self._send(packet)

    def skip(self) -> None:
        """Leave one number out, as if that packet had been lost."""
        self._sequence = self._sequence + 1 & 0xFFFF

    def _keep(self, sequence: int, packet: bytes, octets: int) -> None:
        self._sequence = sequence + 1 & 0xFFFF
        self._history[sequence % _HISTORY] = (sequence, packet)
        self._packets += 1
        self._octets += octets

    def again(self, sequence: int) -> bytes | None:
        """A packet that was lost, if it is still known."""
        entry = self._history[sequence % _HISTORY]
        return entry[1] if entry is not None and entry[0] == sequence else None

    def report(self, ntp: int, timestamp: int) -> bytes:
        """What was sent so far, and which time stamp belongs to that instant."""
        return rtcp.sender_report(self.ssrc, ntp, timestamp, self._packets, self._octets)
