"""Screening: one stream for all its WHEP viewers: packetised once, transcoded once, if at all.

H.264 without B-frames and Opus go through as they are. AAC is made Opus; a picture that browsers do
not show over WebRTC (B-frames, HEVC, AV1, VP9) is made plain H.264. It lives as long as somebody
watches.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from emulator.core.clock import monotonic_ms
from emulator.media.packets import VIDEO_TIMESCALE, AudioTrack, Packet, VideoTrack
from emulator.media.webrtc.incoming.eaters import RawPicture, Sound
from emulator.media.webrtc.relay import Relay
from emulator.media.webrtc.transcoding.converter import Converter
from emulator.media.webrtc.wire import h264

if TYPE_CHECKING:
    from emulator.media.webrtc.transcoding.transcoders import ToH264, ToOpus

log = logging.getLogger(__name__)

SOUND_RATE = 48_000
_TICKS_PER_MS = VIDEO_TIMESCALE // 1000
# A step this far is another clock: a publisher's return, or a wrap.
_JUMP = 2 * VIDEO_TIMESCALE
_LOOK_BACK_MS = 5_000
_TRANSCODED_BITS = 3_000_000
_SHOWN_AT_ONCE_MAX = 600
# Less than a picture lasts, at 60 a second.
_FRAME_TICKS = VIDEO_TIMESCALE // 90


class Shown(NamedTuple):
    """One coded picture in RTP payloads. `at` is on the screening's clock, in 1/90,000 s."""

    payloads: list[bytes]
    at: int
    is_key: bool


class Seated(Protocol):
    """A viewer, as its screening sees it."""

    def show(self, shown: Shown) -> None: ...
    def sound(self, payload: bytes, at: int) -> None: ...
    def end(self, reason: str) -> None: ...


class Screening:
    """`on_empty` is called when the last viewer has left; everything is freed by then."""

    def __init__(self, relay: Relay, on_empty: Callable[[], None]) -> None:
        self._relay = relay
        self._on_empty = on_empty
        self._holders: set[Seated] = set()
        self._seats: dict[Seated, None] = {}
        self._is_free = False
        self._pictures: list[Shown] = []
        self._offset: int | None = None
        self._latest = 0
        self._anchor_ms = monotonic_ms()
        # Where the clock stood then.
        self._anchor = 0
        self._lead = -_JUMP
        self._looked_ms = self._anchor_ms
        self._has_b_frames = False
        self._picture_codec: Converter[RawPicture, Packet] | None = None
        self._picture_track: VideoTrack | None = None
        self._sound_codec: Converter[Packet, Sound] | None = None
        self._sound_track: AudioTrack | None = None
        relay.join(self)
        self._catch_up()

    @property
    def count(self) -> int:
        """Who watches, and who is about to."""
        return len(self._holders)

    @property
    def relay(self) -> Relay:
        return self._relay

    def hold(self, seat: Seated) -> None:
        """Somebody is about to watch."""
        self._holders.add(seat)

    def join(self, seat: Seated) -> None:
        """Seat a viewer, who sees at once what a newcomer must see: all since the last key frame.

        Those pictures are dated right before now, a millisecond apart, so that its player hurries
        through them instead of staying behind by them.
        """
        self._seats[seat] = None
        if self._pictures:
            first = self._pictures[-1].at - (len(self._pictures) - 1) * _TICKS_PER_MS
            self._repeat(seat, first, _TICKS_PER_MS)
        else:
            self.ask_for_key_frame()

    def show_again(self, seat: Seated, after: int) -> None:
        """The same for a viewer who has lost what could not be mended, and was shown until `after`.

        All of it is dated between that and the next picture.
        """
        self.ask_for_key_frame()
        if self._pictures and after <= self._pictures[-1].at:
            step = max(1, _FRAME_TICKS // (len(self._pictures) + 1))
            self._repeat(seat, self._pictures[-1].at + step, step)

    def leave(self, seat: Seated) -> None:
        self._seats.pop(seat, None)
        self._holders.discard(seat)
        if not self._holders:
            self._free()

    def ask_for_key_frame(self) -> None:
        if self._relay.ask_for_key_frame is not None:
            self._relay.ask_for_key_frame()

    def now(self) -> int:
        """Where the screening's clock stands, in 1/90,000 s."""
        return self._anchor + (monotonic_ms() - self._anchor_ms) * _TICKS_PER_MS

    # What the relay calls.

    def hear(self, packet: Packet) -> None:
        track = packet.track
        if isinstance(track, VideoTrack):
            self._hear_picture(packet, track)
        else:
            self._hear_sound(packet, track)

    def restart(self) -> None:
        self._offset = None
        self._pictures = []
        self._has_b_frames = False
        self._drop_codecs()

    def close(self) -> None:
        for seat in tuple(self._holders):
            seat.end("the stream has ended")
        self._free()

    # Pictures.

    def _catch_up(self) -> None:
        """Take in what has come since the last key frame; the newest of it is now."""
        kept = self._relay.pictures
        if kept:
            self._has_b_frames = any(packet.pts != packet.dts for packet in kept)
            self._latest = self._anchor = kept[-1].dts - kept[0].dts
            self._offset = self._latest - kept[-1].dts
            for packet in kept:
                self.hear(packet)

    def _repeat(self, seat: Seated, first: int, step: int) -> None:
        for index, shown in enumerate(self._pictures):
            seat.show(shown._replace(at=first + index * step))

    def _hear_picture(self, packet: Packet, track: VideoTrack) -> None:
        at = self._place(packet.dts)
        if not self._has_b_frames and packet.pts != packet.dts:
            self._has_b_frames = True
            log.info("B-frames are transcoded for WebRTC viewers")
        if track.codec == "h264" and not self._has_b_frames:
            self._show(packet, track, at)
            return
        if track is not self._picture_track and packet.is_key:
            self._start_transcoding(track)
        if self._picture_codec is not None and track is self._picture_track:
            given = RawPicture(at + packet.pts - packet.dts, packet.is_key, bytes(packet.data))
            self._picture_codec.push(given)

    def _start_transcoding(self, track: VideoTrack) -> None:
        if self._picture_codec is not None:
            self._picture_codec.close()
        self._pictures = []
        self._picture_track = track
        make = partial(_make_h264, track)
        self._picture_codec = Converter("h264", make, self._show_transcoded)

    def _show_transcoded(self, packets: list[Packet]) -> None:
        for packet in packets:
            if isinstance(packet.track, VideoTrack):
                self._show(packet, packet.track, packet.pts)

    def _show(self, packet: Packet, track: VideoTrack, at: int) -> None:
        shown = Shown(h264.frame_payloads(packet, track.config), at, packet.is_key)
        if packet.is_key:
            self._pictures = [shown]
        elif self._pictures:
            self._pictures.append(shown)
            if len(self._pictures) > _SHOWN_AT_ONCE_MAX:
                self._pictures = []
        for seat in tuple(self._seats):
            seat.show(shown)

    # Sound.

    def _hear_sound(self, packet: Packet, track: AudioTrack) -> None:
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
        """`at` is the publisher's, at 48 kHz."""
        wire = at * VIDEO_TIMESCALE // SOUND_RATE
        if self._offset is None:
            self._place(wire)
        placed = at + (self._offset or 0) * SOUND_RATE // VIDEO_TIMESCALE
        for seat in tuple(self._seats):
            seat.sound(payload, placed)

    # Time.

    def _place(self, wire: int) -> int:
        """A publisher's time on the screening's clock, which goes on over the publisher's jumps."""
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
        """Let `now` follow what comes first: at once when that is ahead, else every few seconds.

        A publisher begins with what it has stored, and its clock is not ours.
        """
        lead = at - self.now()
        self._lead = max(self._lead, lead)
        elapsed_ms = monotonic_ms() - self._looked_ms
        if lead > 0 or elapsed_ms > _LOOK_BACK_MS:
            self._anchor += self._lead
            self._lead, self._looked_ms = -_JUMP, monotonic_ms()

    def _drop_codecs(self) -> None:
        for codec in (self._picture_codec, self._sound_codec):
            if codec is not None:
                codec.close()
        self._picture_codec = self._sound_codec = None
        self._picture_track = self._sound_track = None

    def _free(self) -> None:
        if self._is_free:
            return
        self._is_free = True
        self._relay.leave(self)
        self._drop_codecs()
        self._seats.clear()
        self._holders.clear()
        self._pictures = []
        self._on_empty()


def _make_h264(track: VideoTrack) -> "ToH264":
    from emulator.media.webrtc.transcoding.transcoders import ToH264

    return ToH264(track.codec, track.config, _TRANSCODED_BITS)


def _make_opus(track: AudioTrack) -> "ToOpus":
    from emulator.media.webrtc.transcoding.transcoders import ToOpus

    return ToOpus(track)
