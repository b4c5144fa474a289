"""GapFiller: fills one kind of media where it stops while the other goes on.

A browser plays only what all tracks of a SourceBuffer have in common, so when one track stops, the
player stops. Missing audio is filled with silence, missing video with the last key frame, shown
repeatedly. Pure: takes the packets of `Timeline` and returns them with the holes filled.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from emulator.media import codecs
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND
from emulator.media.timeline import Epoch, Sequenced

# The duration of a frame where nothing is known: one at 30 a second.
_FRAME_TICKS = TICKS_PER_SECOND // 30
_STEP_MAX = TICKS_PER_SECOND
# A kind that comes back this far behind the filling has a clock that stood still meanwhile.
_STOOD_STILL = 2000 * TICKS_PER_MS
# The longest wait for a late kind, however often a publisher was late.
_PATIENCE_MAX = 3000 * TICKS_PER_MS
# A kind may be late by one packet of the other without having stopped.
_PACKETS_MISSED_MIN = 2
# A shorter hole in the audio extends the frame before it.
_HOLE_MIN = 80 * TICKS_PER_MS


class _Lane:
    """One kind of media, in its track's ticks.

    `missed` counts the other kind's packets since this one's last. `end` is the end of its media,
    `filled_end` the end of its filling (-1: none). `heard_at` is the position of the other kind
    (ticks of 1/90,000 s) when this one last came. `usual`: the interval between two of its packets,
    if known.
    """

    __slots__ = (
        "end", "filled_end", "heard_at", "is_filling", "missed", "patience", "shift", "usual"
    )  # fmt: skip

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.usual = 0
        self.begin(0, 0)

    def begin(self, end: int, heard_at: int) -> None:
        self.end = end
        self.heard_at = heard_at
        self.filled_end = -1
        self.is_filling = False
        self.missed = 0
        self.shift = 0

    def note_other(self, position: int) -> bool:
        """Note the other kind's position. Return whether this kind has stopped."""
        self.missed += 1
        behind = position - self.heard_at
        if behind > self.patience and behind > min(self.usual * 3 // 2, _PATIENCE_MAX):
            self.is_filling = self.is_filling or self.missed >= _PACKETS_MISSED_MIN
        return self.is_filling

    def note_return(self, position: int) -> None:
        self.missed = 0
        self.heard_at = position
        self.is_filling = False


class GapFiller:
    """Fills the gaps of one stream, over all its epochs.

    An epoch with one kind of media is unchanged.

    A kind has stopped when the other has gone on for `stall_ms` without it. It is then filled up to
    `behind_ms` (video: `still_ms`) before the other, so that media which comes back soon still has
    its place. `still_ms`: how long each repeated key frame is shown. After a filled hole the video
    continues with a key frame: frames that depend on others, which decoders no longer have, are
    dropped.
    """

    def __init__(self, *, stall_ms: int = 500, behind_ms: int = 100, still_ms: int = 200) -> None:
        self._stall = stall_ms * TICKS_PER_MS
        self._behind = behind_ms * TICKS_PER_MS
        self._still = still_ms * TICKS_PER_MS
        self._epoch: Epoch | None = None
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        self._pictures = _Lane(self._stall)
        self._sounds = _Lane(self._stall)
        self._key: Packet | None = None
        self._last_dts = -1
        self._frame_dts = -1
        self._step = 0
        self._arrived = 0
        self._interval = 0
        self._shown_until = 0
        self._silence: tuple[bytes, int] = (b"", 0)

    def push(self, sequenced: Sequenced) -> list[Sequenced]:
        """Return the packets, and before each the filling for everything missing by then."""
        out: list[Sequenced] = []
        packets, epoch, at_ms = sequenced.packets, sequenced.epoch, sequenced.at_ms
        if epoch is not self._epoch:
            if self._pictures.is_filling or self._sounds.is_filling:
                out += self.flush(at_ms)
            self._begin(epoch, packets[0])
        video, audio = self._video, self._audio
        if video is None or audio is None:
            self._note_key(packets)
            out.append(sequenced)
            return out
        filled: list[Packet] = []
        for packet in packets:
            if type(packet.track) is VideoTrack:
                self._take_picture(packet, video, audio, filled)
            else:
                self._take_sound(packet, video, audio, filled)
        if filled:
            out.append(Sequenced(filled, epoch, at_ms))
        return out

    def flush(self, at_ms: int = 0) -> list[Sequenced]:
        """Fill the kind that ends first, at the end of a publisher or a file."""
        epoch, audio = self._epoch, self._audio
        if epoch is None or audio is None or self._video is None:
            return []
        picture_end, sound_end = self._pictures.end, self._sound_end(audio)
        packets: list[Packet] = []
        if self._pictures.is_filling or sound_end - picture_end >= self._stall:
            packets += self._still_until(sound_end - self._still, self._video)
            rest = sound_end - self._pictures.end
            if rest > 0:
                packets += self._still_until(self._pictures.end, self._video)
                packets[-1:] = [replace(still, duration=rest) for still in packets[-1:]]
        else:
            # Fill to the nearest whole frame: players wait for audio where there is video.
            half = self._silence[1] * TICKS_PER_SECOND // audio.timescale // 2
            packets += self._silent_until(picture_end + half, audio)
        return [Sequenced(packets, epoch, at_ms)] if packets else []

    def _begin(self, epoch: Epoch, packet: Packet) -> None:
        """Begin both kinds where the epoch begins, unless they have come further already."""
        start = packet.ticks
        self._video = next((one for one in epoch.tracks if isinstance(one, VideoTrack)), None)
        audio = next((one for one in epoch.tracks if isinstance(one, AudioTrack)), None)
        sound_start = 0
        if audio is not None:
            sound_start = -(-start * audio.timescale // TICKS_PER_SECOND)
            if self._audio is not None and self._audio.timescale == audio.timescale:
                sound_start = max(sound_start, self._sounds.end)
            self._silence = codecs.silence(audio)
        self._audio = audio
        self._pictures.begin(max(start, self._last_dts + 1), start)
        self._sounds.begin(sound_start, start)
        self._epoch = epoch
        self._frame_dts = -1
        self._step = _FRAME_TICKS
        self._shown_until = start

    def _note_key(self, packets: list[Packet]) -> None:
        for packet in packets:
            if packet.is_key and type(packet.track) is VideoTrack:
                self._key = packet

    def _take_picture(
        self, packet: Packet, video: VideoTrack, audio: AudioTrack, out: list[Packet]
    ) -> None:
        """Append the frame, after the filling that its arrival shows to be missing."""
        lane = self._pictures
        if packet.is_key:
            self._key = packet
        self._note_interval(packet.dts)
        if lane.is_filling and not packet.is_key:
            return
        if lane.filled_end >= 0:
            packet = _moved(packet, self._lateness(packet.dts, lane, TICKS_PER_SECOND))
        if lane.is_filling:
            out += self._still_until(packet.dts - self._still, video)
        dts = packet.dts
        if dts <= self._last_dts:
            dts = self._last_dts + 1
            packet = replace(packet, dts=dts, pts=max(dts, packet.pts))
        self._note_frame(packet)
        # A frame with a known duration is not late before its end.
        is_known = packet.duration > 0
        lane.note_return(max(self._sound_end(audio), lane.end if is_known else 0))
        if self._sounds.note_other(dts):
            out += self._silent_until(dts - self._behind, audio)
        out.append(packet)

    def _note_interval(self, dts: int) -> None:
        """Update the usual interval: one long one is a stop, two in a row are a low frame rate."""
        interval = dts - self._arrived
        self._pictures.usual = min(interval, self._interval)
        self._arrived, self._interval = dts, interval

    def _note_frame(self, packet: Packet) -> None:
        """Note a frame. It is assumed to last as long as the one before it."""
        step = packet.dts - self._frame_dts
        if self._frame_dts >= 0 and step <= _STEP_MAX:
            self._step = step
        self._last_dts = self._frame_dts = packet.dts
        step = packet.duration or self._step
        self._pictures.end = packet.dts + step
        self._shown_until = max(self._shown_until, packet.pts + step)

    def _take_sound(
        self, packet: Packet, video: VideoTrack, audio: AudioTrack, out: list[Packet]
    ) -> None:
        """Append the audio packet, after the filling that its arrival shows to be missing.

        Without the packet itself where silence has already taken its place.
        """
        lane = self._sounds
        if lane.filled_end >= 0:
            packet = _moved(packet, self._lateness(packet.dts, lane, audio.timescale))
        is_covered = packet.dts + packet.duration // 2 < lane.filled_end
        if not is_covered:
            if (packet.dts - lane.end) * TICKS_PER_SECOND >= _HOLE_MIN * audio.sample_rate:
                # A rest of less than a frame goes into the length of the frame before it.
                out += self._silent_until(packet.dts * TICKS_PER_SECOND // audio.sample_rate, audio)
            if packet.dts < lane.filled_end:
                packet = _moved(packet, lane.filled_end - packet.dts)
            lane.end = packet.dts + packet.duration
        lane.note_return(self._last_dts)
        position = lane.end * TICKS_PER_SECOND // audio.sample_rate
        if self._pictures.note_other(position):
            out += self._still_until(position - self._still, video)
        if not is_covered:
            out.append(packet)

    def _lateness(self, dts: int, lane: _Lane, timescale: int) -> int:
        """Return the ticks to move a packet by, and adjust the patience for the next stop."""
        behind = lane.filled_end - dts - lane.shift
        ticks = behind * TICKS_PER_SECOND // timescale
        if ticks > _STOOD_STILL:
            lane.shift += behind
        elif ticks > self._still and lane.is_filling:
            # The packet was on its way: this publisher sends its kinds in turns.
            lane.patience = min(lane.patience + 2 * ticks, _PATIENCE_MAX)
        return lane.shift

    def _sound_end(self, audio: AudioTrack) -> int:
        return self._sounds.end * TICKS_PER_SECOND // audio.sample_rate

    def _silent_until(self, until: int, audio: AudioTrack) -> Iterator[Packet]:
        """Yield silence from the end of the audio, as long as whole frames fit before `until`."""
        data, samples = self._silence
        lane = self._sounds
        last = until * audio.timescale // TICKS_PER_SECOND - samples
        while lane.end <= last:
            yield Packet(audio, lane.end, lane.end, samples, True, data)
            lane.end += samples
            lane.filled_end = lane.end

    def _still_until(self, until: int, video: VideoTrack) -> Iterator[Packet]:
        """Yield the last key frame repeatedly, from the end of the video up to `until`."""
        key, lane = self._key, self._pictures
        if key is None or key.track.config != video.config:
            return
        while lane.end <= until:
            dts = lane.end
            # The time comes after frames that are not shown yet, and keeps the key frame's
            # reordering.
            pts = max(dts + key.pts - key.dts, self._shown_until)
            yield Packet(video, dts, pts, self._still, True, key.data)
            self._last_dts = dts
            self._frame_dts = -1
            self._shown_until = pts + 1
            lane.end = lane.filled_end = dts + self._still


def _moved(packet: Packet, by: int) -> Packet:
    return replace(packet, dts=packet.dts + by, pts=packet.pts + by) if by else packet
