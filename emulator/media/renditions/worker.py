"""RenditionWorker: turns a source's packets into each rendition's parts. For one thread; no I/O.

Every picture of a rendition has the decode time of the source's picture at its place, and key
frames are where the source has them. So the segmenter, which sees nothing else, cuts all of them
where it cuts the source: their segments and parts have the same numbers, lengths and dates.
"""

import logging
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.packets import Packet, VideoTrack
from emulator.media.renditions.encoder import Encoder
from emulator.media.renditions.sizes import bits_of
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.timeline import Epoch, Sequenced

if TYPE_CHECKING:
    from av import VideoFrame

log = logging.getLogger(__name__)

# No decoder holds back more pictures than this: the oldest was lost.
_DECODING_MAX = 40
# The number of audio packets that may wait for a picture which does not come.
_WAITING_MAX = 1_000
_DECODERS = {"h264": "h264", "hevc": "hevc", "vp9": "vp9", "av1": "libdav1d"}
_USUAL_RATE = 30.0


class RenditionPart(NamedTuple):
    """One part of a rendition, by the rendition's number.

    It has an `init` after a discontinuity.
    """

    rung: int
    part: HlsPart
    init: bytes | None
    content: bytes


class _Slot(Struct):
    """One packet of the source in its place. `pictures`: each rendition's, if known."""

    packet: Packet
    epoch: Epoch
    at_ms: int
    pictures: list[Packet | None] | None = None

    @property
    def is_picture(self) -> bool:
        return type(self.packet.track) is VideoTrack


class RenditionWorker:
    """The encoders of all renditions of one stream."""

    def __init__(self, names: tuple[str, ...], *, part_ms: int, segment_ms: int) -> None:
        self._rungs = [
            _Rung(number, name, Segmenter(part_ms=part_ms, segment_ms=segment_ms))
            for number, name in enumerate(names)
        ]
        self._slots: deque[_Slot] = deque()
        self._pictures: deque[_Slot] = deque()
        self._keys: dict[int, _Slot] = {}
        self._track: VideoTrack | None = None
        self._decoder: Any = None
        # The first picture waits for the second, which shows the frame rate.
        self._held: list[VideoFrame] = []
        self._rate: float | None = None

    @property
    def pending(self) -> int:
        """The number of packets that are not in a part yet; key frames count twice."""
        return len(self._slots) + len(self._keys)

    def drop(self, rung: int) -> None:
        """Stop encoding this rendition."""
        self._rungs[rung].is_dropped = True

    def take(self, sequenced: Sequenced) -> list[RenditionPart]:
        """Take the source's next packets, with the times of its timeline."""
        cuts: list[RenditionPart] = []
        for packet in sequenced.packets:
            slot = _Slot(packet, sequenced.epoch, sequenced.at_ms)
            if slot.is_picture:
                self._decode(slot)
            else:
                self._slots.append(slot)
            if len(self._slots) > _WAITING_MAX:
                self._slots.popleft()
            cuts += self._drain()
        return cuts

    def pause(self) -> list[RenditionPart]:
        """Return the parts that are left, except the last, when the publisher has left."""
        cuts = self._finish_decoding()
        for rung in self._rungs:
            cuts += rung.pause()
        return cuts

    def flush(self) -> list[RenditionPart]:
        """Return all parts that are left, when no more packets come."""
        cuts = self._finish_decoding()
        for rung in self._rungs:
            cuts += rung.flush()
        return cuts

    def _finish_decoding(self) -> list[RenditionPart]:
        """Decode the rest, and return the complete parts."""
        self._end_decoder()
        self._lose_all()
        cuts = self._drain()
        self._slots.clear()
        return cuts

    def _decode(self, slot: _Slot) -> None:
        import av

        packet = slot.packet
        if packet.track is not self._track:
            assert isinstance(packet.track, VideoTrack)
            self._begin(packet.track)
        self._slots.append(slot)
        self._pictures.append(slot)
        if packet.is_key:
            self._keys[packet.pts] = slot
        if self._rate is None and len(self._pictures) > 1:
            step = self._pictures[1].packet.dts - self._pictures[0].packet.dts
            self._rate = TICKS_PER_SECOND / step if step > 0 else _USUAL_RATE
        copy = av.Packet(bytes(packet.data))
        copy.pts, copy.dts = packet.pts, packet.dts
        copy.time_base = Fraction(1, TICKS_PER_SECOND)
        self._place(self._decoded(copy))
        while len(self._pictures) > _DECODING_MAX:
            self._lose()

    def _begin(self, track: VideoTrack) -> None:
        from av import CodecContext

        self._end_decoder()
        self._lose_all()
        decoder: Any = CodecContext.create(_DECODERS[track.codec], "r")
        if track.codec != "vp9":  # Its record is for MP4, not for a decoder.
            decoder.extradata = track.config
        # Frame threads would hold back as many frames as there are threads.
        decoder.thread_count = 1
        self._decoder, self._track = decoder, track

    def _end_decoder(self) -> None:
        """Decode the frames that the decoder holds back. It accepts no input afterwards."""
        if self._decoder is not None:
            self._rate = self._rate or _USUAL_RATE
            self._place(self._decoded(None))
        self._decoder = self._track = None

    def _decoded(self, packet: Any) -> "list[VideoFrame]":
        """Decode a packet, or with None the rest."""
        import av

        try:
            frames: list[VideoFrame] = self._decoder.decode(packet)
        except av.FFmpegError as error:
            log.debug("a picture could not be decoded error=%s", error)
            return []
        return frames

    def _place(self, frames: "list[VideoFrame]") -> None:
        self._held += frames
        if self._rate is None:
            return
        held, self._held = self._held, []
        for frame in held:
            if frame.pts is not None and self._pictures:
                self._encode(frame, frame.pts)

    def _encode(self, frame: "VideoFrame", pts: int) -> None:
        key = self._keys.pop(pts, None)
        if key is not None and key.pictures is None:
            # Pictures before a key frame that have not been decoded by now never will be.
            while self._pictures[0] is not key:
                self._lose()
        slot = self._pictures.popleft()
        slot.pictures = [
            rung.encode(frame, slot.packet, pts, self._rate or _USUAL_RATE, is_key=bool(key))
            for rung in self._rungs
        ]

    def _lose(self) -> None:
        """Give up the oldest picture that was not decoded."""
        slot = self._pictures.popleft()
        slot.pictures = []
        self._keys.pop(slot.packet.pts, None)

    def _lose_all(self) -> None:
        while self._pictures:
            self._lose()
        self._keys.clear()

    def _drain(self) -> list[RenditionPart]:
        """Cut the complete packets into parts, in the source's order."""
        cuts: list[RenditionPart] = []
        while self._slots and self._is_complete(self._slots[0]):
            slot = self._slots.popleft()
            for rung in self._rungs:
                cuts += rung.push(slot, self._slots)
        return cuts

    def _is_complete(self, slot: _Slot) -> bool:
        """Whether a packet can be cut. Audio at an epoch's start waits for the first picture."""
        if slot.is_picture:
            return slot.pictures is not None
        if not _has_picture(slot.epoch) or all(
            rung.epoch is slot.epoch or rung.is_dropped for rung in self._rungs
        ):
            return True
        return any(other.pictures and other.epoch is slot.epoch for other in self._slots)


class _Rung(Struct):
    """One rendition. `own` is its epoch, with its own tracks, in place of the source's `epoch`."""

    number: int
    name: str
    segmenter: Segmenter
    is_dropped: bool = False
    epoch: Epoch | None = None
    own: Epoch = field(default_factory=lambda: Epoch(0, ()))
    encoder: Encoder | None = None
    sequence: int = 0

    def encode(
        self, frame: "VideoFrame", source: Packet, pts: int, rate: float, *, is_key: bool
    ) -> Packet | None:
        """Encode the frame at the place of the source's packet."""
        import av

        assert isinstance(source.track, VideoTrack)

        if self.is_dropped:
            return None
        if self.encoder is None:
            height_max = int(self.name.removesuffix("p"))
            self.encoder = Encoder(height_max, bits_of(self.name, rate), rate)
        try:
            pts = max(pts, source.dts)
            return self.encoder.encode(frame, source.dts, pts, source=source.track, is_key=is_key)
        except av.FFmpegError as error:
            log.warning("a picture could not be encoded rendition=%s error=%s", self.name, error)
            return None

    def push(self, slot: _Slot, following: deque[_Slot]) -> list[RenditionPart]:
        if self.is_dropped:
            return []
        packet = self._picture_of(slot) if slot.is_picture else slot.packet
        if packet is None:
            return []
        if slot.epoch is not self.epoch:
            self._enter(slot, packet, following)
        return self._cuts(self.segmenter.push(Sequenced([packet], self.own, slot.at_ms)))

    def pause(self) -> list[RenditionPart]:
        return [] if self.is_dropped else self._cuts(self.segmenter.pause())

    def flush(self) -> list[RenditionPart]:
        return [] if self.is_dropped else self._cuts(self.segmenter.flush())

    def _picture_of(self, slot: _Slot) -> Packet | None:
        return slot.pictures[self.number] if slot.pictures else None

    def _enter(self, slot: _Slot, packet: Packet, following: deque[_Slot]) -> None:
        """Begin the source's next epoch, with this rendition's video track in it."""
        sounds = [track for track in slot.epoch.tracks if type(track) is not VideoTrack]
        coming = (self._picture_of(later) for later in following if later.epoch is slot.epoch)
        pictures = (shot.track for shot in (packet, *coming) if shot is not None)
        picture = [track for track in pictures if type(track) is VideoTrack][:1]
        self.epoch = slot.epoch
        self.own = Epoch(slot.epoch.number, (*picture, *sounds))

    def _cuts(self, parts: list[HlsPart]) -> list[RenditionPart]:
        cuts = []
        for part in parts:
            init = init_segment(part.tracks) if part.starts_discontinuity else None
            cuts.append(RenditionPart(self.number, part, init, fragment(part, self.sequence)))
            self.sequence += 1
        return cuts


def _has_picture(epoch: Epoch) -> bool:
    return any(type(track) is VideoTrack for track in epoch.tracks)
