"""WhipPublisher: one peer that publishes over WHIP: turns its RTP into a `PacketSink`'s packets."""

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from emulator.core.clock import monotonic_ms
from emulator.core.errors import ProtocolError, Refused
from emulator.media.codecs import aac, opus
from emulator.media.ingest.authorizer import PacketSink
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.webrtc.config import WebRtcConfig
from emulator.media.webrtc.link import PeerLink
from emulator.media.webrtc.rtp import packets, rtcp
from emulator.media.webrtc.rtp.clocks import SourceClock
from emulator.media.webrtc.rtp.receiver import (
    PICTURE_WAIT_MS,
    SOUND_WAIT_MS,
    Depacketizer,
    RtpReceiver,
)
from emulator.media.webrtc.sdp.answer import SectionAnswer
from emulator.media.webrtc.sdp.description import Format
from emulator.media.webrtc.transcoding.converter import Converter
from emulator.media.webrtc.whip.depacketizers import (
    H264Depacketizer,
    OpusDepacketizer,
    RawPicture,
    Sound,
    Vp8Depacketizer,
)

if TYPE_CHECKING:
    from aiortc.rtp import RtcpSrPacket

    from emulator.media.webrtc.transcoding.transcoders import OpusToAac, ToH264

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.03
_REPORT_EVERY_MS = 1_000
# A stream must begin with all of its tracks, since players do not accept later ones: audio waits
# for the first picture.
_PICTURE_PATIENCE_MS = 3_000
# The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) of `OpusToAac`'s output: LC, 48 kHz, stereo.
AAC_CONFIG = b"\x11\x90"
# OpusHead (RFC 7845, 5.1): version 1, stereo, 312 samples of pre-skip, 48 kHz.
_OPUS_HEAD = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"


class WhipPublisher:
    """One publisher. `formats` are those chosen from its offer. Call `serve` with its link."""

    def __init__(
        self, config: WebRtcConfig, formats: list[Format], sink: PacketSink, own_ssrc: int
    ) -> None:
        self._config = config
        self._accepted = sink
        self._sink: PacketSink | None = sink
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._opus = opus.track(_OPUS_HEAD)
        self._sound_codec: Converter[Sound, Packet] | None = None
        self._picture_codec: Converter[RawPicture, Packet] | None = None
        self._link: PeerLink | None = None
        self._receivers: dict[int, RtpReceiver] = {}
        self._clocks: dict[int, SourceClock] = {}
        self._picture: RtpReceiver | None = None
        self._sound: RtpReceiver | None = None
        self._key_at_ms = 0
        self._opened_at_ms = 0
        self._reported_at_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._narrow = _NarrowLine()
        self._is_done = False
        for form in formats:
            self._add(form, own_ssrc)

    def section_answer(self, form: Format) -> SectionAnswer:
        return SectionAnswer((form,), "recvonly")

    # The methods that the link calls.

    def serve(self, link: PeerLink) -> None:
        self._link = link

    def opened(self) -> None:
        self._opened_at_ms = self._reported_at_ms = self._key_at_ms = monotonic_ms()
        self._tick()

    def rtp(self, data: bytes) -> None:
        most = self._sink.bytes_per_second_max if self._sink is not None else 0
        # A line that is too slow loses the packets that it cannot carry.
        if most and not self._narrow.passes(len(data), most):
            return
        try:
            packet = packets.parse(data)
            receiver = self._receivers.get(packet.payload_type)
            if receiver is not None:
                receiver.push(packet, monotonic_ms())
        except ProtocolError as error:
            log.debug("an RTP packet was dropped error=%s", error)
        except Refused as refused:  # Its media cannot be shown.
            self._end(refused.message)

    def rtcp(self, data: bytes) -> None:
        from aiortc.rtp import RtcpByePacket, RtcpSrPacket

        for packet in rtcp.parse(data):
            if isinstance(packet, RtcpSrPacket):
                self._note_report(packet)
            elif isinstance(packet, RtcpByePacket):
                log.debug("a source ended (RTCP BYE)")

    def finish(self) -> None:
        """Note that the publisher ended its session, perhaps after its connection has ended."""
        self._is_done = True
        if self._sink is None:
            self._accepted.finish("the publisher ended its session")

    def ended(self, reason: str) -> None:
        """Free everything, and tell the sink once."""
        if self._timer is not None:
            self._timer.cancel()
        for codec in (self._sound_codec, self._picture_codec):
            if codec is not None:
                codec.close()
        sink, self._sink = self._sink, None
        if sink is not None and self._is_done:
            sink.finish(reason)
        elif sink is not None:
            sink.close(reason)

    def ask_for_key_frame(self) -> None:
        if self._picture is not None:
            self._picture.ask_for_key_frame(monotonic_ms())

    # Receivers.

    def _add(self, form: Format, own_ssrc: int) -> None:
        clock = SourceClock(form.clock_rate)
        wait_ms = PICTURE_WAIT_MS
        depacketizer: Depacketizer
        if form.name == "opus":
            # A negotiated track belongs to the stream from its start, also while it is muted.
            self._audio = aac.track(AAC_CONFIG)
            depacketizer, wait_ms = (
                OpusDepacketizer(clock, monotonic_ms, self._take_sound),
                SOUND_WAIT_MS,
            )
        elif form.name == "h264":
            depacketizer = H264Depacketizer(
                clock, monotonic_ms, self._take_picture, self.ask_for_key_frame
            )
        else:
            depacketizer = Vp8Depacketizer(
                clock, monotonic_ms, self._transcode, self.ask_for_key_frame
            )
        receiver = RtpReceiver(form, own_ssrc, wait_ms, depacketizer, self._send_rtcp)
        self._receivers[form.payload_type] = receiver
        self._clocks[form.payload_type] = clock
        if form.name == "opus":
            self._sound = receiver
        else:
            self._picture = receiver
            if self._sink is not None:
                self._sink.can_be_asked(self.ask_for_key_frame)

    # Media.

    def _take_picture(self, packet: Packet, track: VideoTrack) -> None:
        if packet.is_key:
            self._key_at_ms = monotonic_ms()
        self._video = track
        self._hand_over(packet)

    def _transcode(self, picture: RawPicture) -> None:
        if self._picture_codec is None:
            self._picture_codec = Converter("vp8", self._make_h264, self._take_pictures)
        if not self._picture_codec.push(picture):
            # The decoder misses the dropped picture: it needs a key frame to continue.
            self.ask_for_key_frame()

    def _make_h264(self) -> "ToH264":
        from emulator.media.webrtc.transcoding.transcoders import ToH264

        return ToH264("vp8", b"", self._config.bits_per_second_max // 2)

    def _take_pictures(self, packets: list[Packet]) -> None:
        for packet in packets:
            if isinstance(packet.track, VideoTrack):
                self._take_picture(packet, packet.track)

    def _take_sound(self, sound: Sound) -> None:
        if self._sound_codec is None:
            assert self._audio is not None
            self._sound_codec = Converter("aac", partial(_make_aac, self._audio), self._take_sounds)
        if self._sink is not None:
            samples = opus.samples(sound.data)
            self._sink.relay(Packet(self._opus, sound.at, sound.at, samples, True, sound.data))
        self._sound_codec.push(sound)

    def _take_sounds(self, packets: list[Packet]) -> None:
        if not self._is_waiting_for_picture():
            for packet in packets:
                self._hand_over(packet)

    def _is_waiting_for_picture(self) -> bool:
        if self._picture is None or self._video is not None:
            return False
        return monotonic_ms() - self._opened_at_ms < _PICTURE_PATIENCE_MS

    def _hand_over(self, packet: Packet) -> None:
        tracks: tuple[Track, ...] = tuple(track for track in (self._video, self._audio) if track)
        if self._sink is None:
            return
        try:
            self._sink.take(packet, tracks)
        except (Refused, ProtocolError) as error:
            self._end(str(error))

    # Time.

    def _tick(self) -> None:
        """Fill holes, check for silence, and send reports once a second."""
        now_ms = monotonic_ms()
        try:
            for receiver in self._receivers.values():
                if receiver.is_waiting:
                    receiver.look(now_ms)
        except Refused as refused:
            self._end(refused.message)
            return
        if self._picture is not None and now_ms - self._key_at_ms > self._config.key_frame_ms:
            self._picture.ask_for_key_frame(now_ms)
        if now_ms - self._reported_at_ms >= _REPORT_EVERY_MS:
            self._reported_at_ms = now_ms
            self._report(now_ms)
        if self._link is not None and self._link.is_open:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_TICK_SECONDS, self._tick)

    def _report(self, now_ms: int) -> None:
        heard = [
            receiver.heard_at_ms or self._opened_at_ms for receiver in self._receivers.values()
        ]
        if now_ms - max(heard) > self._config.idle_ms:
            self._end(f"nothing was sent for {self._config.idle_ms / 1000:g} s")
            return
        for receiver in self._receivers.values():
            receiver.report(now_ms)
        if self._picture is not None:
            self._picture.allow(self._config.bits_per_second_max)

    def _note_report(self, report: "RtcpSrPacket") -> None:
        now_ms = monotonic_ms()
        for code, receiver in self._receivers.items():
            if receiver.note_report(report, now_ms):
                info = report.sender_info
                self._clocks[code].note_report(info.ntp_timestamp, info.rtp_timestamp)
        leader = next(
            (
                self._clocks[code]
                for code, rtp_receiver in self._receivers.items()
                if rtp_receiver is self._picture
            ),
            None,
        )
        for code, receiver in self._receivers.items():
            if leader is not None and receiver is not self._picture:
                self._clocks[code].follow(leader)

    def _send_rtcp(self, packet: bytes) -> None:
        if self._link is not None:
            self._link.send_rtcp(packet)

    def _end(self, reason: str) -> None:
        if self._link is not None:
            self._link.end(reason)


def _make_aac(track: AudioTrack) -> "OpusToAac":
    from emulator.media.webrtc.transcoding.transcoders import OpusToAac

    return OpusToAac(track)


class _NarrowLine:
    """Limits the bytes a second that pass; a fifth of a second's bytes may pass at once."""

    def __init__(self) -> None:
        self._left = 0.0
        self._at_ms = monotonic_ms()

    def passes(self, octets: int, per_second: int) -> bool:
        now_ms = monotonic_ms()
        self._left = min(per_second / 5, self._left + (now_ms - self._at_ms) * per_second / 1000)
        self._at_ms = now_ms
        if octets > self._left:
            return False
        self._left -= octets
        return True
