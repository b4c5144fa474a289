"""RtpReceiver: one RTP source of a peer: puts packets in order, requests lost ones, sends reports.

Packets come out in order; a hole that could not be filled is reported to the depacketizer.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from emulator.media.webrtc.rtp import rtcp
from emulator.media.webrtc.rtp.packets import Counter, RtpPacket
from emulator.media.webrtc.rtp.reorder import Reorder
from emulator.media.webrtc.sdp.description import Format

if TYPE_CHECKING:
    from aiortc.rtp import RtcpSrPacket

# Longer than any round trip to a peer; shorter than what a viewer notices as a stop.
PICTURE_WAIT_MS, SOUND_WAIT_MS = 250, 60
_KEY_ASKED_EVERY_MS = 400
# Another source with the same payload type is accepted once the first has been silent for this
# long: before that it is a simulcast layer that nobody asked for.
_SUCCESSOR_MS = 1_000


class Depacketizer(Protocol):
    """Takes a receiver's packets in order."""

    def take(self, packet: RtpPacket) -> None: ...

    def lose(self) -> None:
        """Note that packets are missing here, and will not come."""


class RtpReceiver:
    """One source. `send` sends RTCP to the peer. Times are milliseconds of a monotonic clock."""

    def __init__(
        self,
        form: Format,
        own_ssrc: int,
        wait_ms: int,
        depacketizer: Depacketizer,
        send: Callable[[bytes], None],
    ) -> None:
        self.form = form
        self._own_ssrc = own_ssrc
        self._wait_ms = wait_ms
        self._depacketizer = depacketizer
        self._send = send
        self._takes_nack = "nack" in form.feedback
        self._takes_pli = "nack pli" in form.feedback or "ccm fir" in form.feedback
        self._ssrc: int | None = None
        self._reorder: Reorder[RtpPacket] = Reorder(wait_ms)
        self._counter = Counter(16)
        self._first = self._highest = self._received = 0
        self._expected_before = self._received_before = 0
        self._report_at_ms = 0
        self._report_ntp = 0
        self._key_asked_at_ms = -_KEY_ASKED_EVERY_MS
        self.heard_at_ms: int | None = None

    @property
    def is_waiting(self) -> bool:
        return self._reorder.is_waiting

    def push(self, packet: RtpPacket, now_ms: int) -> None:
        """Take a packet. Raises what the depacketizer raises."""
        if packet.ssrc != self._ssrc:
            if self.heard_at_ms is not None and now_ms - self.heard_at_ms < _SUCCESSOR_MS:
                return
            self._begin(packet)
        self.heard_at_ms = now_ms
        self._received += 1
        self._highest = max(self._highest, self._counter.follow(packet.sequence))
        for rtp_packet in self._reorder.push(packet.sequence, packet, now_ms):
            self._feed(rtp_packet)
        if self._reorder.is_waiting:
            self._ask(now_ms)

    def look(self, now_ms: int) -> None:
        """Request missing packets again, and give up those that are overdue."""
        for rtp_packet in self._reorder.look(now_ms):
            self._feed(rtp_packet)
        self._ask(now_ms)

    def ask_for_key_frame(self, now_ms: int) -> None:
        """Request a key frame, at most every 400 ms: encoders need time to make one."""
        if self._ssrc is None or not self._takes_pli:
            return
        if now_ms - self._key_asked_at_ms >= _KEY_ASKED_EVERY_MS:
            self._key_asked_at_ms = now_ms
            self._send(rtcp.pli(self._own_ssrc, self._ssrc))

    def note_report(self, report: "RtcpSrPacket", now_ms: int) -> bool:
        """Note a sender report; return whether it is of this source."""
        if report.ssrc != self._ssrc:
            return False
        self._report_at_ms = now_ms
        self._report_ntp = report.sender_info.ntp_timestamp
        return True

    def report(self, now_ms: int) -> None:
        """Send the peer a receiver report."""
        if self._ssrc is None:
            return
        expected = self._highest - self._first + 1
        of_late = expected - self._expected_before
        missing = of_late - (self._received - self._received_before)
        self._expected_before, self._received_before = expected, self._received
        delay_ms = now_ms - self._report_at_ms
        self._send(
            rtcp.receiver_report(
                self._own_ssrc,
                self._ssrc,
                fraction_lost=(max(0, missing) << 8) // of_late if of_late > 0 else 0,
                lost=expected - self._received,
                highest=self._highest,
                last=self._report_ntp >> 16 if self._report_ntp else 0,
                delay=delay_ms * 65_536 // 1000 if self._report_ntp else 0,
            )
        )

    def allow(self, bits_per_second: int) -> None:
        """Tell the peer the highest bit rate to send, if it accepts that (REMB)."""
        if self._ssrc is not None and "goog-remb" in self.form.feedback:
            self._send(rtcp.remb(self._own_ssrc, self._ssrc, bits_per_second))

    def _begin(self, packet: RtpPacket) -> None:
        if self._ssrc is not None:
            self._depacketizer.lose()
        self._ssrc = packet.ssrc
        self._reorder = Reorder(self._wait_ms)
        self._counter = Counter(16)
        self._first = self._highest = self._counter.follow(packet.sequence)
        self._received = self._expected_before = self._received_before = 0

    def _ask(self, now_ms: int) -> None:
        if self._takes_nack and self._ssrc is not None:
            missing = self._reorder.to_ask_for(now_ms)
            if missing:
                self._send(rtcp.nack(self._own_ssrc, self._ssrc, missing))

    def _feed(self, packet: RtpPacket | None) -> None:
        if packet is None:
            self._depacketizer.lose()
        else:
            self._depacketizer.take(packet)
