"""Depacketizers: turn a publisher's RTP into frames, by codec, with the peer's own times.

After a loss, pictures are dropped until the next key frame: a picture that depends on a lost one
would be shown, and recorded, broken.
"""

from collections.abc import Callable
from typing import NamedTuple

from emulator.core.errors import ProtocolError
from emulator.media.packets import Packet, VideoTrack
from emulator.media.webrtc.rtp import h264, vp8
from emulator.media.webrtc.rtp.clocks import SourceClock
from emulator.media.webrtc.rtp.packets import RtpPacket

Now = Callable[[], int]


class RawPicture(NamedTuple):
    """A coded picture to transcode. `at` is in 1/90,000 s."""

    at: int
    is_key: bool
    data: bytes


class Sound(NamedTuple):
    """One Opus packet. `at` is in 1/48,000 s."""

    at: int
    data: bytes


class H264Depacketizer:
    """Passes H.264 through. `ask` is called at each loss, to request a key frame."""

    def __init__(
        self,
        clock: SourceClock,
        now_ms: Now,
        give: Callable[[Packet, VideoTrack], None],
        ask: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._give = give
        self._ask = ask
        self._units = h264.Units()
        self._frames = h264.Frames()
        self._timestamp: int | None = None
        self._needs_key = True

    def take(self, packet: RtpPacket) -> None:
        if packet.timestamp != self._timestamp:
            self._finish()
            self._timestamp = packet.timestamp
        if packet.payload:
            try:
                self._units.push(packet.payload)
            except ProtocolError:
                self.lose()
                return
        if packet.is_marked:
            self._finish()

    def lose(self) -> None:
        self._units.take()
        self._timestamp = None
        self._needs_key = True
        self._ask()

    def _finish(self) -> None:
        units = self._units.take()
        timestamp = self._timestamp
        if not units or timestamp is None:
            return
        coded = self._frames.frame(units)
        if coded is None or (self._needs_key and not coded.is_key):
            self._ask()
            return
        self._needs_key = False
        at = self._clock.place(timestamp, self._now_ms())
        self._give(Packet(coded.track, at, at, 0, coded.is_key, coded.data), coded.track)


class Vp8Depacketizer:
    """Assembles VP8 pictures, which are transcoded."""

    def __init__(
        self,
        clock: SourceClock,
        now_ms: Now,
        give: Callable[[RawPicture], None],
        ask: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._give = give
        self._ask = ask
        self._pieces: list[bytes] = []
        self._size = 0
        self._needs_key = True

    def take(self, packet: RtpPacket) -> None:
        if not packet.payload:
            return
        if vp8.is_start(packet.payload):
            self._pieces, self._size = [], 0
        try:
            piece = vp8.content(packet.payload)
        except ProtocolError:
            self.lose()
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > h264.FRAME_SIZE_MAX:
            self.lose()
        elif packet.is_marked:
            self._finish(packet.timestamp)

    def lose(self) -> None:
        self._pieces, self._size = [], 0
        self._needs_key = True
        self._ask()

    def _finish(self, timestamp: int) -> None:
        frame = b"".join(self._pieces)
        self._pieces, self._size = [], 0
        is_key = vp8.is_key(frame)
        if self._needs_key and not is_key:
            self._ask()
            return
        if is_key:
            try:
                vp8.check_key(frame)
            except ProtocolError:
                self.lose()
                return
        self._needs_key = False
        self._give(RawPicture(self._clock.place(timestamp, self._now_ms()), is_key, frame))


class OpusDepacketizer:
    """Takes Opus: each payload is a frame (RFC 7587, 4.2). A lost one is a short silence."""

    def __init__(self, clock: SourceClock, now_ms: Now, give: Callable[[Sound], None]) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._give = give

    def take(self, packet: RtpPacket) -> None:
        if packet.payload:
            self._give(Sound(self._clock.place(packet.timestamp, self._now_ms()), packet.payload))

    def lose(self) -> None:
        """Do nothing: the next packet's time tells the length of the silence."""
