"""Lanes: one track that a participant sends (a source), and one that it receives (a sink).

Packets are forwarded with new numbers: a sink continues the count of its last source, so that a
player sees one unbroken track whatever its source is.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from emulator.core.clock import monotonic_ms
from emulator.media.webrtc.rtp.packets import RtpPacket
from emulator.media.webrtc.rtp.receiver import PICTURE_WAIT_MS, SOUND_WAIT_MS, RtpReceiver
from emulator.media.webrtc.rtp.sender import RtpSender
from emulator.media.webrtc.sdp.description import Format

Kind = Literal["audio", "video", "screen"]


class LaneSource:
    """A track that the participant `owner` sends. `formats` are by payload type."""

    def __init__(
        self,
        owner: str,
        kind: Kind,
        formats: Mapping[int, Format],
        own_ssrc: int,
        send: Callable[[bytes], None],
    ) -> None:
        self.owner = owner
        self.kind = kind
        self.sinks: list[LaneSink] = []
        self.formats = formats
        wait_ms = SOUND_WAIT_MS if kind == "audio" else PICTURE_WAIT_MS
        self.receiver = RtpReceiver(next(iter(formats.values())), own_ssrc, wait_ms, self, send)

    def take(self, packet: RtpPacket) -> None:
        form = self.formats.get(packet.payload_type)
        if form is not None:
            for sink in self.sinks:
                sink.forward(packet, form)

    def lose(self) -> None:
        for sink in self.sinks:
            sink.skip()
        if self.kind != "audio":
            self.ask_for_key_frame()

    def ask_for_key_frame(self) -> None:
        self.receiver.ask_for_key_frame(monotonic_ms())

    def report(self, ntp: int, timestamp: int) -> None:
        """Pass a participant's sender reports on to the receivers."""
        for sink in self.sinks:
            sink.report(ntp, timestamp)

    def close(self) -> None:
        for sink in tuple(self.sinks):
            sink.detach()


class LaneSink:
    """A place where a participant receives a track. `formats` are those that it accepts."""

    def __init__(
        self,
        formats: tuple[Format, ...],
        send: Callable[[bytes], None],
        send_rtcp: Callable[[bytes], None],
    ) -> None:
        self.codes = {codec.name: codec.payload_type for codec in formats}
        self.source: LaneSource | None = None
        self.sender = RtpSender(formats[0].payload_type, send)
        self._send_rtcp = send_rtcp
        self._rate = formats[0].clock_rate
        self._offset: int | None = None
        self._last = 0
        self._last_at_ms = monotonic_ms()

    def fits(self, source: LaneSource) -> bool:
        return any(form.name in self.codes for form in source.formats.values())

    def attach(self, source: LaneSource) -> None:
        self.source = source
        self._offset = None
        source.sinks.append(self)
        source.ask_for_key_frame()

    def detach(self) -> None:
        if self.source is not None:
            self.source.sinks.remove(self)
            self.source = None

    def forward(self, packet: RtpPacket, form: Format) -> None:
        code = self.codes.get(form.name)
        if code is None:
            return
        now_ms = monotonic_ms()
        if self._offset is None:
            elapsed = (now_ms - self._last_at_ms) * self._rate // 1000 + 1
            self._offset = self._last + elapsed - packet.timestamp
        self._last, self._last_at_ms = packet.timestamp + self._offset, now_ms
        self.sender.forward(code, packet.payload, packet.is_marked, self._last)

    def skip(self) -> None:
        """Skip a sequence number, so that the receiver sees that a packet is missing."""
        self.sender.skip()

    def report(self, ntp: int, timestamp: int) -> None:
        if self._offset is not None:
            self._send_rtcp(self.sender.report(ntp, timestamp + self._offset))
