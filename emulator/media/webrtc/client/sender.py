"""Sender: one publish over WebRTC: an offer, the server's answer, and a broadcast's tags as RTP."""

import asyncio
from collections.abc import Iterable

from emulator.core.clock import wall_us
from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.flv import FlvReader
from emulator.media.ingest.tag import Tag
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.webrtc.config import UdpPorts, WebRtcConfig
from emulator.media.webrtc.link import PeerLink
from emulator.media.webrtc.rtp import h264, rtcp
from emulator.media.webrtc.rtp.sender import RtpSender
from emulator.media.webrtc.sdp.answer import write_offer
from emulator.media.webrtc.sdp.description import parse
from emulator.media.webrtc.transcoding.resampled import RATE
from emulator.media.webrtc.transcoding.transcoders import ToOpus

SOUND_CODE, PICTURE_CODE = 111, 102


class Sender:
    """Sends one publish. Call `offer` first, then `answer`; then `send`, while `is_open`."""

    def __init__(self) -> None:
        # Empty: all addresses of this machine, as the server may be on loopback or on any network.
        config = WebRtcConfig(addresses=())
        self._opened = asyncio.Event()
        self._link = PeerLink(
            config,
            UdpPorts(""),
            on_rtp=_ignore,
            on_rtcp=self._take_rtcp,
            on_open=self._opened.set,
            on_end=self._ended,
            is_offerer=True,
        )
        self._sound_out = RtpSender(SOUND_CODE, self._link.send_rtp)
        self._picture_out = RtpSender(PICTURE_CODE, self._link.send_rtp)
        self._reader = FlvReader()
        self._opus: tuple[AudioTrack, ToOpus] | None = None
        self._running: asyncio.Task[None] | None = None
        self._now = 0

    @property
    def is_open(self) -> bool:
        return self._link.is_open

    @property
    def reason(self) -> str:
        return self._link.reason

    async def offer(self) -> str:
        local = await self._link.prepare_offer()
        return write_offer(
            local, (SOUND_CODE, self._sound_out.ssrc), (PICTURE_CODE, self._picture_out.ssrc)
        )

    async def answer(self, sdp: str) -> None:
        """Connect. Refuses (`unavailable`) a server that cannot be reached."""
        remote = parse(sdp).remote
        self._running = asyncio.ensure_future(self._link.run(remote))
        await self._opened.wait()
        if not self._link.is_open:
            raise Refused("unavailable", f"No WebRTC connection: {self._link.reason}.")

    def send(self, tags: Iterable[Tag]) -> int:
        """Send tags; return their bytes of media.

        Refuses (`unsupported`) what WebRTC cannot carry.
        """
        octets = 0
        for tag in tags:
            for packet in self._reader.read(tag):
                octets += len(packet.data)
                if isinstance(packet.track, VideoTrack):
                    self._send_picture(packet, packet.track)
                else:
                    self._send_sound(packet, packet.track)
        return octets

    def report(self) -> None:
        """Send sender reports, by which audio and video are synchronized, about once a second."""
        ntp = rtcp.ntp(wall_us())
        self._link.send_rtcp(self._picture_out.report(ntp, self._now))
        self._link.send_rtcp(self._sound_out.report(ntp, self._now * RATE // TICKS_PER_SECOND))

    async def close(self, reason: str) -> None:
        self._link.end(reason)
        if self._running is not None:
            await self._running
        else:
            await self._link.free()

    def _send_picture(self, packet: Packet, track: VideoTrack) -> None:
        if track.codec != "h264" or packet.pts != packet.dts:
            raise Refused(
                "unsupported", "WebRTC needs H.264 without B-frames. Encode that, or use RTMP."
            )
        self._now = packet.pts
        try:
            self._picture_out.push(h264.frame_payloads(packet, track.config), packet.pts)
        except ProtocolError as error:
            raise Refused("invalid", f"{error}.") from None

    def _send_sound(self, packet: Packet, track: AudioTrack) -> None:
        if self._opus is None or self._opus[0] is not track:
            self._opus = (track, ToOpus(track))
        for sound in self._opus[1].convert(packet):
            self._sound_out.push([sound.data], sound.at)

    def _take_rtcp(self, data: bytes) -> None:
        from aiortc.rtp import RtcpRtpfbPacket

        for packet in rtcp.parse(data):
            if isinstance(packet, RtcpRtpfbPacket):
                for sender in (self._picture_out, self._sound_out):
                    if sender.ssrc == packet.media_ssrc:
                        for sequence in packet.lost:
                            again = sender.again(sequence & 0xFFFF)
                            if again is not None:
                                self._link.send_rtp(again)

    def _ended(self, reason: str) -> None:  # noqa: ARG002 -- the link keeps it
        self._opened.set()


def _ignore(data: bytes) -> None:
    """Do nothing: the server sends only reports."""
