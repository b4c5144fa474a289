"""Viewer: one peer that watches over WHEP. Its stream's fan-out sends it the media."""

import asyncio
from collections import deque
from collections.abc import Mapping

from emulator.core.clock import monotonic_ms, wall_us
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.webrtc.link import PeerLink
from emulator.media.webrtc.relay import Watching
from emulator.media.webrtc.rtp import rtcp
from emulator.media.webrtc.rtp.sender import RtpSender
from emulator.media.webrtc.sdp.answer import SectionAnswer
from emulator.media.webrtc.sdp.description import Format
from emulator.media.webrtc.whep.fanout import SOUND_RATE, VideoFrame, WhepFanout

# The packets that any socket's buffer takes at once, and the time to read them: 120 Mbit/s.
_AT_ONCE, _PAUSE_SECONDS = 48, 0.004
_WAITING_MAX = 8_192
_REPORT_SECONDS = 1.0
_AGAIN_EVERY_MS = 1_000


class Viewer:
    """One viewer. `formats` are the formats chosen from its offer, by the section's index."""

    def __init__(
        self, fanout: WhepFanout, watching: Watching, formats: Mapping[int, Format]
    ) -> None:
        self._fanout = fanout
        self._watching = watching
        self._link: PeerLink | None = None
        self.sound_out: RtpSender | None = None
        self.picture_out: RtpSender | None = None
        self.coding = "h264"
        for form in formats.values():
            if form.name == "opus":
                self.sound_out = RtpSender(form.payload_type, self._send)
            else:
                self.picture_out = RtpSender(form.payload_type, self._send)
                self.coding = form.name
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[bytes] = deque()
        self._sent_at_once = 0
        self._began_at = 0.0
        self._pause: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._needs_key = True
        self._again_at_ms = 0
        self._shown_until = 0
        self._is_subscribed = False
        self._is_stalled = False
        fanout.hold(self)

    def section_answer(self, form: Format) -> SectionAnswer:
        """Return our answer to one section of its offer."""
        is_sound = form.name == "opus"
        sender = self.sound_out if is_sound else self.picture_out
        assert sender is not None
        return SectionAnswer(
            (form,), "sendonly", sender.ssrc, f"stream {'sound' if is_sound else 'picture'}"
        )

    # The methods that the link calls.

    def serve(self, link: PeerLink) -> None:
        self._link = link

    def opened(self) -> None:
        self._is_subscribed = True
        self._watching.seen()
        self._again_at_ms = monotonic_ms()
        self._report()
        self._fanout.join(self)

    def rtp(self, data: bytes) -> None:
        """Do nothing: a viewer sends no media."""

    def rtcp(self, data: bytes) -> None:
        from aiortc.rtp import RTCP_PSFB_FIR, RTCP_PSFB_PLI, RtcpPsfbPacket, RtcpRtpfbPacket

        for packet in rtcp.parse(data):
            if isinstance(packet, RtcpRtpfbPacket):
                self._send_again(packet.media_ssrc, packet.lost)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (
                RTCP_PSFB_PLI,
                RTCP_PSFB_FIR,
            ):
                self._show_again()

    def finish(self) -> None:
        """Do nothing: a viewer that ends its session has left, like any other."""

    def ended(self, reason: str) -> None:  # noqa: ARG002 -- a link calls it so
        for timer in (self._pause, self._timer):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()
        self._fanout.leave(self)
        if self._is_subscribed:
            self._is_subscribed = False
            self._watching.left()

    # The methods that the fan-out calls.

    def show(self, shown: VideoFrame) -> None:
        if self._is_held() or self.picture_out is None or (self._needs_key and not shown.is_key):
            return
        self._needs_key = False
        self._shown_until = shown.at
        self.picture_out.push(shown.payloads, shown.at)

    def sound(self, payload: bytes, at: int) -> None:
        if self.sound_out is not None and not self._is_stalled:
            self.sound_out.push([payload], at)

    def _is_held(self) -> bool:
        """Whether a fault withholds the picture.

        Once the fault is over, all pictures since the last key frame are sent, with this one.
        """
        was_stalled, self._is_stalled = self._is_stalled, self._watching.is_stalled()
        if was_stalled and not self._is_stalled:
            self._needs_key = True
            self._fanout.show_again(self, self._shown_until)
            return True
        return self._is_stalled

    def end(self, reason: str) -> None:
        if self._link is not None:
            self._link.end(reason)

    # Sending.

    def _send(self, packet: bytes) -> None:
        """Send a packet at once, or queue it: a burst is sent in pieces that a socket can take."""
        if self._waiting or self._is_full():
            self._waiting.append(packet)
            if self._pause is None:
                self._pause = self._loop.call_later(_PAUSE_SECONDS, self._go_on)
            if len(self._waiting) > _WAITING_MAX:
                self._waiting.clear()
                self._needs_key = True
        elif self._link is not None:
            self._link.send_rtp(packet)

    def _is_full(self) -> bool:
        now = self._loop.time()
        if now - self._began_at >= _PAUSE_SECONDS:
            self._began_at, self._sent_at_once = now, 0
        self._sent_at_once += 1
        return self._sent_at_once > _AT_ONCE

    def _go_on(self) -> None:
        self._pause = None
        if self._link is None:
            return
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            self._link.send_rtp(self._waiting.popleft())
        if self._waiting:
            self._pause = self._loop.call_later(_PAUSE_SECONDS, self._go_on)

    def _send_again(self, ssrc: int, sequences: list[int]) -> None:
        for sender in (self.picture_out, self.sound_out):
            if sender is not None and sender.ssrc == ssrc:
                for sequence in sequences[:200]:
                    packet = sender.again(sequence & 0xFFFF)
                    if packet is not None:
                        self._send(packet)

    def _show_again(self) -> None:
        now_ms = monotonic_ms()
        if self._is_subscribed and now_ms - self._again_at_ms >= _AGAIN_EVERY_MS:
            self._again_at_ms = now_ms
            self._needs_key = True
            self._fanout.show_again(self, self._shown_until)

    def _report(self) -> None:
        if self._link is None or not self._link.is_open:
            return
        now, ntp = self._fanout.now(), rtcp.ntp(wall_us())
        if self.picture_out is not None:
            self._link.send_rtcp(self.picture_out.report(ntp, now))
        if self.sound_out is not None:
            at = now * SOUND_RATE // TICKS_PER_SECOND
            self._link.send_rtcp(self.sound_out.report(ntp, at))
        self._watching.seen()
        self._timer = self._loop.call_later(_REPORT_SECONDS, self._report)
