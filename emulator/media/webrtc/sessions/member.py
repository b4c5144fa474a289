"""Member: one participant's peer: the tracks that it sends and receives, and its requests."""

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from emulator.core.clock import monotonic_ms
from emulator.core.errors import ProtocolError
from emulator.media.webrtc.link import PeerLink
from emulator.media.webrtc.rtp import packets, rtcp
from emulator.media.webrtc.sdp import codecs
from emulator.media.webrtc.sdp.answer import SectionAnswer
from emulator.media.webrtc.sdp.description import Direction, Offer, Section
from emulator.media.webrtc.sessions.lanes import Kind, LaneSink, LaneSource

if TYPE_CHECKING:
    from aiortc.rtp import RtcpPsfbPacket

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.03
_REPORT_EVERY_MS = 1_000
_AGAIN_MAX = 200


class SentMedia(NamedTuple):
    """The kinds of media that a participant sends."""

    audio: bool
    video: bool
    screen: bool


class Member:
    """One participant of a session.

    `on_media` is called with the media that it sends, at each change; `left` is called once, at its
    end.
    """

    def __init__(
        self,
        participant_id: str,
        bits_per_second: int,
        own_ssrc: int,
        on_media: Callable[[SentMedia], None],
        left: Callable[["Member"], None],
    ) -> None:
        self.id = participant_id
        self._bits_per_second = bits_per_second
        self._own_ssrc = own_ssrc
        self._on_media = on_media
        self._left = left
        self._link: PeerLink | None = None
        self._sources: dict[str, LaneSource] = {}
        self._sinks: dict[str, LaneSink] = {}
        self._by_ssrc: dict[int, LaneSource] = {}
        self._reported_at_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    @property
    def sources(self) -> list[LaneSource]:
        return list(self._sources.values())

    @property
    def sinks(self) -> list[LaneSink]:
        return list(self._sinks.values())

    # Methods for its offers.

    def take(self, offer: Offer) -> None:
        """Read from an offer, the first or a later one, which tracks it sends and receives."""
        wanted: set[str] = set()
        has_camera = False
        self._by_ssrc = {}
        for section in offer.sections:
            formats = codecs.to_forward(section)
            if not formats:
                continue
            wanted.add(section.mid)
            if section.direction in ("sendonly", "sendrecv"):
                is_picture = section.kind == "video"
                kind: Kind = "audio"
                if is_picture:
                    kind, has_camera = ("screen" if has_camera else "video"), True
                self._add_source(section, kind, formats)
            else:
                self._drop_source(section.mid)
            if section.direction in ("recvonly", "sendrecv") and section.mid not in self._sinks:
                self._sinks[section.mid] = LaneSink(formats, self._send_rtp, self._send_rtcp)
        for mid in set(self._sources) - wanted:
            self._drop_source(mid)
        for mid in set(self._sinks) - wanted:
            self._sinks.pop(mid).detach()
        self._on_media(self._shown())

    def answers(self, offer: Offer) -> list[SectionAnswer | None]:
        """Return our answers by section. A track is named after the participant that sends it."""
        return [self._answer(section) for section in offer.sections]

    # The methods that the link calls.

    def serve(self, link: PeerLink) -> None:
        self._link = link

    @property
    def link(self) -> PeerLink | None:
        return self._link

    def opened(self) -> None:
        self._reported_at_ms = monotonic_ms()
        self._tick()
        for sink in self._sinks.values():
            if sink.source is not None:
                sink.source.ask_for_key_frame()

    def rtp(self, data: bytes) -> None:
        try:
            packet = packets.parse(data)
        except ProtocolError as error:
            log.debug("an RTP packet was dropped error=%s", error)
            return
        source = self._by_ssrc.get(packet.ssrc)
        if source is not None:
            source.receiver.push(packet, monotonic_ms())

    def rtcp(self, data: bytes) -> None:
        from aiortc.rtp import (
            RTCP_PSFB_FIR,
            RTCP_PSFB_PLI,
            RtcpPsfbPacket,
            RtcpRtpfbPacket,
            RtcpSrPacket,
        )

        for packet in rtcp.parse(data):
            if isinstance(packet, RtcpSrPacket):
                source = self._by_ssrc.get(packet.ssrc)
                if source is not None and source.receiver.note_report(packet, monotonic_ms()):
                    info = packet.sender_info
                    source.report(info.ntp_timestamp, info.rtp_timestamp)
            elif isinstance(packet, RtcpRtpfbPacket):
                self._send_again(packet.media_ssrc, packet.lost)
            elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (
                RTCP_PSFB_PLI,
                RTCP_PSFB_FIR,
            ):
                self._ask_for_key_frame(packet)

    def finish(self) -> None:
        """Do nothing: a participant that ends its session has left, like any other."""

    def ended(self, reason: str) -> None:  # noqa: ARG002 -- a link calls it so
        if self._is_over:
            return
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        for source in self._sources.values():
            source.close()
        for sink in self._sinks.values():
            sink.detach()
        self._sources, self._sinks, self._by_ssrc = {}, {}, {}
        self._left(self)
        self._on_media(self._shown())

    # Tracks and answers.

    def _add_source(self, section: Section, kind: Kind, formats: codecs.Formats) -> None:
        source = self._sources.get(section.mid)
        if source is None:
            by_code = {codec.payload_type: codec for codec in formats}
            source = LaneSource(self.id, kind, by_code, self._own_ssrc, self._send_rtcp)
            self._sources[section.mid] = source
        for ssrc in section.ssrcs[:1]:
            self._by_ssrc[ssrc] = source

    def _drop_source(self, mid: str) -> None:
        source = self._sources.pop(mid, None)
        if source is not None:
            source.close()

    def _answer(self, section: Section) -> SectionAnswer | None:
        formats = codecs.to_forward(section)
        if not formats:
            return None
        sink = self._sinks.get(section.mid)
        if sink is None:
            direction: Direction = "recvonly" if section.mid in self._sources else "inactive"
            return SectionAnswer(formats, direction)
        source = sink.source
        label = f"{source.owner} {source.kind}" if source is not None else f"free {section.mid}"
        return SectionAnswer(
            formats,
            "sendrecv" if section.mid in self._sources else "sendonly",
            sink.sender.ssrc,
            label,
        )

    def _shown(self) -> SentMedia:
        kinds = {source.kind for source in self._sources.values()}
        return SentMedia("audio" in kinds, "video" in kinds, "screen" in kinds)

    # Feedback of the peer.

    def _send_again(self, ssrc: int, sequences: list[int]) -> None:
        for sink in self._sinks.values():
            if sink.sender.ssrc == ssrc:
                for sequence in sequences[:_AGAIN_MAX]:
                    packet = sink.sender.again(sequence & 0xFFFF)
                    if packet is not None:
                        self._send_rtp(packet)

    def _ask_for_key_frame(self, asked: "RtcpPsfbPacket") -> None:
        wanted = rtcp.sources_of(asked)
        for sink in self._sinks.values():
            if sink.source is not None and sink.sender.ssrc in wanted:
                sink.source.ask_for_key_frame()

    def _tick(self) -> None:
        now_ms = monotonic_ms()
        for source in self._sources.values():
            if source.receiver.is_waiting:
                source.receiver.look(now_ms)
        if now_ms - self._reported_at_ms >= _REPORT_EVERY_MS:
            self._reported_at_ms = now_ms
            for source in self._sources.values():
                source.receiver.report(now_ms)
                source.receiver.allow(self._bits_per_second)
        if self._link is not None and self._link.is_open:
            self._timer = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick)

    def _send_rtp(self, packet: bytes) -> None:
        if self._link is not None:
            self._link.send_rtp(packet)

    def _send_rtcp(self, packet: bytes) -> None:
        if self._link is not None:
            self._link.send_rtcp(packet)
