"""WhepFanout: one stream for all its WHEP viewers: packetised once, and transcoded at most once.

H.264 without B-frames and Opus are passed through. AAC is converted to Opus; video that browsers do
not show over WebRTC (B-frames, HEVC, AV1, VP9) is converted to plain H.264. For viewers whose
browser has no H.264, any video is converted to VP8. The fan-out exists while somebody watches.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from emulator.core.clock import monotonic_ms
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.webrtc.relay import Relay
from emulator.media.webrtc.rtp import h264, vp8
from emulator.media.webrtc.transcoding.converter import Converter
from emulator.media.webrtc.whip.depacketizers import RawPicture, Sound

if TYPE_CHECKING:
    from emulator.media.webrtc.transcoding.transcoders import ToH264, ToOpus, ToVp8, Vp8Picture

log = logging.getLogger(__name__)

SOUND_RATE = 48_000
# A step of this size is another clock: a publisher's return, or a wrap.
_JUMP = 2 * TICKS_PER_SECOND
_LOOK_BACK_MS = 5_000
_TRANSCODED_BITS = 3_000_000
_SHOWN_AT_ONCE_MAX = 600
# Less than the duration of a picture, at 60 a second.
_FRAME_TICKS = TICKS_PER_SECOND // 90


class VideoFrame(NamedTuple):
    """One coded picture as RTP payloads. `at` is on the fan-out's clock, in 1/90,000 s."""

    payloads: list[bytes]
    at: int
    is_key: bool


class Subscriber(Protocol):
    """A viewer, as the fan-out sees it. `coding` is the codec of its video, `h264` or `vp8`."""

    coding: str

    def show(self, shown: VideoFrame) -> None: ...
    def sound(self, payload: bytes, at: int) -> None: ...
    def end(self, reason: str) -> None: ...


class _Lane:
    """The video in one codec, for all viewers that take it, from its last key frame on."""

    def __init__(self, coding: str) -> None:
        self.coding = coding
        self.pictures: list[VideoFrame] = []
        self._converter: Converter[RawPicture, Packet] | Converter[RawPicture, Vp8Picture] | None
        self._converter = None
        self._track: VideoTrack | None = None
        self._needs_key = False

    def keep(self, shown: VideoFrame) -> None:
        if shown.is_key:
            self.pictures = [shown]
        elif self.pictures:
            self.pictures.append(shown)
            if len(self.pictures) > _SHOWN_AT_ONCE_MAX:
                self.pictures = []

    def transcode(
        self, picture: RawPicture, track: VideoTrack, show: Callable[[list[VideoFrame]], None]
    ) -> None:
        """Pass one picture to the encoder, which calls `show`.

        The output begins with a key frame.
        """
        if picture.is_key and track is not self._track:
            self.restart()
            self._track = track
            self._converter = self._begin(track, show)
        if self._converter is None or track is not self._track:
            return
        if self._needs_key and not picture.is_key:
            return
        # A picture that the encoder dropped is missing for all viewers until the next key frame.
        self._needs_key = not self._converter.push(picture)

    def restart(self) -> None:
        """Drop the encoder and the shown pictures."""
        if self._converter is not None:
            self._converter.close()
        self._converter = self._track = None
        self._needs_key = False
        self.pictures = []

    def _begin(
        self, track: VideoTrack, show: Callable[[list[VideoFrame]], None]
    ) -> "Converter[RawPicture, Packet] | Converter[RawPicture, Vp8Picture]":
        log.info("the picture is transcoded for WebRTC viewers to=%s", self.coding)
        if self.coding == "vp8":
            return Converter(
                "vp8",
                partial(_make_vp8, track),
                lambda vp8_pictures: show(_shown_vp8(vp8_pictures)),
            )
        return Converter(
            "h264", partial(_make_h264, track), lambda packets: show(_shown_h264(packets))
        )


class WhepFanout:
    """The fan-out of one stream. `on_empty` is called after the last viewer has left.

    Everything is freed by then.
    """

    def __init__(self, relay: Relay, on_empty: Callable[[], None]) -> None:
        self._relay = relay
        self._on_empty = on_empty
        self._holders: set[Subscriber] = set()
        self._subscribers: dict[Subscriber, None] = {}
        self._is_free = False
        self._lanes = {"h264": _Lane("h264")}
        self._offset: int | None = None
        self._latest = 0
        self._anchor_ms = monotonic_ms()
        # The clock's value at that time.
        self._anchor = 0
        self._lead = -_JUMP
        self._looked_ms = self._anchor_ms
        self._has_b_frames = False
        self._sound_codec: Converter[Packet, Sound] | None = None
        self._sound_track: AudioTrack | None = None
        relay.join(self)
        self._catch_up()

    @property
    def count(self) -> int:
        """The number of viewers, including those about to watch."""
        return len(self._holders)

    @property
    def relay(self) -> Relay:
        return self._relay

    def hold(self, subscriber: Subscriber) -> None:
        """Register a viewer that is about to watch."""
        self._holders.add(subscriber)
        if subscriber.coding not in self._lanes:
            lane = self._lanes[subscriber.coding] = _Lane(subscriber.coding)
            if self._offset is not None:
                for packet in self._relay.pictures:
                    if isinstance(packet.track, VideoTrack):
                        self._carry(lane, packet, packet.track, packet.dts + self._offset)

    def join(self, subscriber: Subscriber) -> None:
        """Add a viewer, and show it all pictures since the last key frame at once.

        These pictures are dated right before now, a millisecond apart, so that its player hurries
        through them instead of lagging behind by them.
        """
        self._subscribers[subscriber] = None
        pictures = self._lanes[subscriber.coding].pictures
        if pictures:
            first = pictures[-1].at - (len(pictures) - 1) * TICKS_PER_MS
            self._repeat(subscriber, first, TICKS_PER_MS)
        else:
            self.ask_for_key_frame()

    def show_again(self, subscriber: Subscriber, after: int) -> None:
        """Show all pictures since the last key frame to a viewer that lost packets after `after`.

        All of them are dated between that time and the next picture.
        """
        self.ask_for_key_frame()
        pictures = self._lanes[subscriber.coding].pictures
        if pictures and after <= pictures[-1].at:
            step = max(1, _FRAME_TICKS // (len(pictures) + 1))
            self._repeat(subscriber, pictures[-1].at + step, step)

    def leave(self, subscriber: Subscriber) -> None:
        self._subscribers.pop(subscriber, None)
        self._holders.discard(subscriber)
        if not self._holders:
            self._free()
        elif subscriber.coding != "h264" and all(
            holder.coding != subscriber.coding for holder in self._holders
        ):
            self._lanes.pop(subscriber.coding).restart()

    def ask_for_key_frame(self) -> None:
        if self._relay.ask_for_key_frame is not None:
            self._relay.ask_for_key_frame()

    def now(self) -> int:
        """The current value of the fan-out's clock, in 1/90,000 s."""
        return self._anchor + (monotonic_ms() - self._anchor_ms) * TICKS_PER_MS

    # The methods that the relay calls.

    def on_packet(self, packet: Packet) -> None:
        track = packet.track
        if isinstance(track, VideoTrack):
            self._take_picture(packet, track)
        else:
            self._take_sound(packet, track)

    def restart(self) -> None:
        self._offset = None
        self._has_b_frames = False
        self._drop_codecs()

    def close(self) -> None:
        for subscriber in tuple(self._holders):
            subscriber.end("the stream has ended")
        self._free()

    # Video.

    def _catch_up(self) -> None:
        """Take the packets since the last key frame; the newest of them is now."""
        packets = self._relay.pictures
        if packets:
            self._has_b_frames = any(packet.pts != packet.dts for packet in packets)
            self._latest = self._anchor = packets[-1].dts - packets[0].dts
            self._offset = self._latest - packets[-1].dts
            for packet in packets:
                self.on_packet(packet)

    def _repeat(self, subscriber: Subscriber, first: int, step: int) -> None:
        for index, shown in enumerate(self._lanes[subscriber.coding].pictures):
            subscriber.show(shown._replace(at=first + index * step))

    def _take_picture(self, packet: Packet, track: VideoTrack) -> None:
        at = self._place(packet.dts)
        if not self._has_b_frames and packet.pts != packet.dts:
            self._has_b_frames = True
        for lane in tuple(self._lanes.values()):
            self._carry(lane, packet, track, at)

    def _carry(self, lane: _Lane, packet: Packet, track: VideoTrack, at: int) -> None:
        """Show a picture in one codec, passed through where that is possible."""
        if lane.coding == track.codec == "h264" and not self._has_b_frames:
            self._show(
                lane, [VideoFrame(h264.frame_payloads(packet, track.config), at, packet.is_key)]
            )
            return
        raw = RawPicture(at + packet.pts - packet.dts, packet.is_key, bytes(packet.data))
        lane.transcode(raw, track, partial(self._show, lane))

    def _show(self, lane: _Lane, pictures: list[VideoFrame]) -> None:
        for shown in pictures:
            lane.keep(shown)
            for subscriber in tuple(self._subscribers):
                if subscriber.coding == lane.coding:
                    subscriber.show(shown)

    # Audio.

    def _take_sound(self, packet: Packet, track: AudioTrack) -> None:
        if track.codec == "opus" and track.channels <= 2:
            self._sound(packet.pts, bytes(packet.data))
            return
        if track is not self._sound_track:
            if self._sound_codec is not None:
                self._sound_codec.close()
            self._sound_track = track
            self._sound_codec = Converter("opus", partial(_make_opus, track), self._sounds)
        if self._sound_codec is not None:
            self._sound_codec.push(packet)

    def _sounds(self, sounds: list[Sound]) -> None:
        for sound in sounds:
            self._sound(sound.at, sound.data)

    def _sound(self, at: int, payload: bytes) -> None:
        """Send audio to the viewers. `at` is on the publisher's clock, at 48 kHz."""
        wire = at * TICKS_PER_SECOND // SOUND_RATE
        if self._offset is None:
            self._place(wire)
        placed = at + (self._offset or 0) * SOUND_RATE // TICKS_PER_SECOND
        for subscriber in tuple(self._subscribers):
            subscriber.sound(payload, placed)

    # Time.

    def _place(self, wire: int) -> int:
        """Convert a publisher's time to the fan-out's clock, which has no jumps."""
        if self._offset is not None:
            at = wire + self._offset
            if abs(at - self._latest) < _JUMP:
                self._latest = at
                self._keep_up(at)
                return at
        self._latest = self._anchor = max(self.now(), self._latest + 1)
        self._anchor_ms = monotonic_ms()
        self._offset = self._latest - wire
        return self._latest

    def _keep_up(self, at: int) -> None:
        """Let `now` follow the first arrivals: at once if these are ahead, else every few seconds.

        A publisher begins with stored media, and its clock is not ours.
        """
        lead = at - self.now()
        self._lead = max(self._lead, lead)
        elapsed_ms = monotonic_ms() - self._looked_ms
        if lead > 0 or elapsed_ms > _LOOK_BACK_MS:
            self._anchor += self._lead
            self._lead, self._looked_ms = -_JUMP, monotonic_ms()

    def _drop_codecs(self) -> None:
        for lane in self._lanes.values():
            lane.restart()
        if self._sound_codec is not None:
            self._sound_codec.close()
        self._sound_codec = self._sound_track = None

    def _free(self) -> None:
        if self._is_free:
            return
        self._is_free = True
        self._relay.leave(self)
        self._drop_codecs()
        self._subscribers.clear()
        self._holders.clear()
        self._on_empty()


def _make_h264(track: VideoTrack) -> "ToH264":
    from emulator.media.webrtc.transcoding.transcoders import ToH264

    return ToH264(track.codec, track.config, _TRANSCODED_BITS)


def _make_vp8(track: VideoTrack) -> "ToVp8":
    from emulator.media.webrtc.transcoding.transcoders import ToVp8

    return ToVp8(track.codec, track.config, _TRANSCODED_BITS)


def _shown_h264(packets: list[Packet]) -> list[VideoFrame]:
    return [
        VideoFrame(h264.frame_payloads(packet, packet.track.config), packet.pts, packet.is_key)
        for packet in packets
        if isinstance(packet.track, VideoTrack)
    ]


def _shown_vp8(pictures: "list[Vp8Picture]") -> list[VideoFrame]:
    return [
        VideoFrame(vp8.payloads(picture.data), picture.at, picture.is_key) for picture in pictures
    ]


def _make_opus(track: AudioTrack) -> "ToOpus":
    from emulator.media.webrtc.transcoding.transcoders import ToOpus

    return ToOpus(track)
