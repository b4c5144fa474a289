"""RtpSender: one RTP source that we send: numbers its packets, keeps them to resend, reports."""

from collections.abc import Callable

from emulator.core.ids import trace_id
from emulator.media.webrtc.rtp import packets, rtcp

# The number of packets that can be resent: some 3 s of a 3 Mbit/s video.
_HISTORY = 1_024


class RtpSender:
    """One source. `send` sends each packet."""

    def __init__(self, payload_type: int, send: Callable[[bytes], None]) -> None:
        self.ssrc = int(trace_id()[:8], 16) or 1
        self._payload_type = payload_type
        self._send = send
        # A random start (RFC 3550, 5.1), far from a wrap, which must not come in SRTP's first
        # packets.
        self._sequence = int(trace_id()[:4], 16) >> 1
        self._history: list[tuple[int, bytes] | None] = [None] * _HISTORY
        self._packets = 0
        self._octets = 0

    def push(self, payloads: list[bytes], timestamp: int) -> None:
        """Send one frame. Its last payload is marked."""
        last = len(payloads) - 1
        for index, payload in enumerate(payloads):
            sequence = self._sequence
            packet = packets.write(
                self._payload_type, index == last, sequence, timestamp, self.ssrc, payload
            )
            self._keep(sequence, packet, len(payload))
            self._send(packet)

    def forward(self, payload_type: int, payload: bytes, is_marked: bool, timestamp: int) -> None:
        """Send one packet of another participant's frame."""
        sequence = self._sequence
        packet = packets.write(payload_type, is_marked, sequence, timestamp, self.ssrc, payload)
        self._keep(sequence, packet, len(payload))
        self._send(packet)

    def skip(self) -> None:
        """Skip one sequence number, as if that packet had been lost."""
        self._sequence = self._sequence + 1 & 0xFFFF

    def _keep(self, sequence: int, packet: bytes, octets: int) -> None:
        self._sequence = sequence + 1 & 0xFFFF
        self._history[sequence % _HISTORY] = (sequence, packet)
        self._packets += 1
        self._octets += octets

    def again(self, sequence: int) -> bytes | None:
        """Return a sent packet to resend it, if it is still stored."""
        sent = self._history[sequence % _HISTORY]
        return sent[1] if sent is not None and sent[0] == sequence else None

    def report(self, ntp: int, timestamp: int) -> bytes:
        """Make a sender report, with the timestamp of this time."""
        return rtcp.sender_report(self.ssrc, ntp, timestamp, self._packets, self._octets)
