"""TrackSet: decides which kinds of media a stream has, at its start, for all of its time.

A browser's SourceBuffer accepts no init segment with another number of tracks, so a stream that
began with video and audio has both to its end, and one that began with video alone never gets audio
(docs/decisions/0013). Pure: returns a publisher's packets with unchanged times.
"""

from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.ticks import TICKS_PER_MS
from emulator.media.track_waits import TrackWaits

_HELD_PACKETS_MAX = 512
# Audio alone that is shorter than this, from a publisher that left, does not begin a stream.
_SOUND_MIN_MS = 1000

Kind = Literal["picture", "sound"]


class Promise(Struct, frozen=True):
    """The media that a publisher has announced. `sound`: its probable track, if known."""

    has_picture: bool = False
    has_sound: bool = False
    sound: AudioTrack | None = None


NO_PROMISE = Promise()


class Arrival(Struct, frozen=True, gc=False):
    """Packets of the stream, the stream's tracks at that time, and their arrival."""

    packets: list[Packet]
    tracks: tuple[Track, ...]
    at_ms: int


class _Held(NamedTuple):
    packet: Packet
    tracks: tuple[Track, ...]
    at_ms: int


class TrackSet:
    """One stream's tracks, over all its publishers.

    A publisher's packets are held until all of its tracks are there, or the wait for them is over:
    see `TrackWaits`; a header counts as a promise. Waits are measured on the publisher's own clock.
    Audio from before the first key frame is dropped. If a later publisher does not send a kind, the
    stream keeps that kind's last track.
    """

    def __init__(self, waits: TrackWaits | None = None) -> None:
        waits = waits or TrackWaits()
        self._sound_wait = waits.sound_wait_ms * TICKS_PER_MS
        self._promised_sound_wait = waits.promised_sound_wait_ms * TICKS_PER_MS
        self._picture_wait = waits.picture_wait_ms * TICKS_PER_MS
        self._promised_picture_wait = waits.promised_picture_wait_ms * TICKS_PER_MS
        self._kinds: frozenset[Kind] = frozenset()
        self._left_out: set[Kind] = set()
        self._video: VideoTrack | None = None
        self._audio: AudioTrack | None = None
        # The publisher's own audio track, where the stream goes on with one that is like it.
        self._alike: AudioTrack | None = None
        self._published: tuple[Track, ...] | None = None
        self._tracks: tuple[Track, ...] = ()
        self._is_running = False
        self._held: list[_Held] = []
        self._since: int | None = None
        self._has_key = False
        self._promise = NO_PROMISE

    @property
    def left_out(self) -> frozenset[Kind]:
        """Kinds that the current publisher sends but the stream began without."""
        return frozenset(self._left_out)

    @property
    def wait_ms(self) -> int | None:
        """The milliseconds that held packets wait for the other kind of media; None: none held."""
        if not self._held:
            return None
        return self._wait(self._held[-1].tracks) // TICKS_PER_MS

    def resume(self) -> None:
        """Start over for another publisher's packets."""
        self._is_running = False
        self._held = []
        self._since = None
        self._has_key = False
        self._left_out.clear()
        self._published = None

    def push(
        self,
        packets: list[Packet],
        tracks: tuple[Track, ...],
        at_ms: int,
        promise: Promise = NO_PROMISE,
    ) -> list[Arrival]:
        """Return the packets that now belong to the stream. `tracks` are the publisher's so far."""
        if not self._is_running and len(packets) > 1:  # Any of them may begin the stream.
            alone = (self.push([packet], tracks, at_ms, promise) for packet in packets)
            return [arrival for arrivals in alone for arrival in arrivals]
        packets = self._choose(packets)
        if not packets:
            return []
        if self._is_running:
            return [self._arrived(packets, tracks, at_ms)]
        self._promise = promise
        self._hold(_Held(packets[0], tracks, at_ms))
        return self._begin() if self._is_complete(packets[0], tracks) else []

    def release(self) -> list[Arrival]:
        """Return the held packets, if they can begin a stream: no more come from this publisher."""
        if not self._held:
            return []
        length = self._held[-1].packet.ticks - self._held[0].packet.ticks
        if not self._has_key and length < _SOUND_MIN_MS * TICKS_PER_MS:
            self._held = []
        return self._begin() if self._held else []

    def _choose(self, packets: list[Packet]) -> list[Packet]:
        """Leave out the packets of a kind that the stream began without."""
        if len(self._kinds) != 1:
            return packets
        has_picture = "picture" in self._kinds
        chosen = [one for one in packets if (type(one.track) is VideoTrack) is has_picture]
        if len(chosen) < len(packets):
            self._left_out.add("sound" if has_picture else "picture")
        return chosen

    def _hold(self, held: _Held) -> None:
        packet = held.packet
        wire = packet.ticks
        if type(packet.track) is VideoTrack and not self._has_key:
            if not packet.is_key:
                return
            # The stream begins here; only audio that is later than this frame is kept.
            ahead = range(wire, wire + self._promised_picture_wait)
            self._held = [earlier for earlier in self._held if earlier.packet.ticks in ahead]
            self._has_key, self._since = True, wire
            self._held.insert(0, held)
            return
        if not self._has_key and (self._since is None or wire < self._since):
            self._held, self._since = [], wire
        self._held.append(held)

    def _is_complete(self, packet: Packet, tracks: tuple[Track, ...]) -> bool:
        """Whether no further wait is needed."""
        if not self._held or self._since is None:
            return False
        waited = packet.ticks - self._since
        return waited >= self._wait(tracks) or len(self._held) >= _HELD_PACKETS_MAX

    def _wait(self, tracks: tuple[Track, ...]) -> int:
        """Return the ticks to wait for the missing kind."""
        if self._has_key:
            if not self._is_open_for("sound") or _audio_of(tracks) is not None:
                return 0
            return self._promised_sound_wait if self._promise.has_sound else self._sound_wait
        if not self._is_open_for("picture"):
            return 0
        is_promised = self._promise.has_picture or _video_of(tracks) is not None
        return self._promised_picture_wait if is_promised else self._picture_wait

    def _is_open_for(self, kind: Kind) -> bool:
        return not self._kinds or kind in self._kinds

    def _begin(self) -> list[Arrival]:
        held, self._held = self._held, []
        self._is_running = True
        latest = held[-1].tracks
        if not self._kinds:
            has_sound = _audio_of(latest) is not None or self._promise.sound is not None
            kinds: tuple[tuple[Kind, bool], ...] = (
                ("picture", self._has_key),
                ("sound", has_sound or not self._has_key),
            )
            self._kinds = frozenset(kind for kind, is_there in kinds if is_there)
        if self._audio is None:
            self._audio = _audio_of(latest) or self._promise.sound
        return [self._arrived([one.packet], one.tracks, one.at_ms) for one in held]

    def _arrived(self, packets: list[Packet], tracks: tuple[Track, ...], at_ms: int) -> Arrival:
        if tracks is not self._published:
            self._published = tracks
            self._note_tracks(tracks)
        if (known := self._audio) is not None and (alike := self._alike) is not None:
            packets = [
                replace(packet, track=known) if packet.track is alike else packet
                for packet in packets
            ]
        return Arrival(packets, self._tracks, at_ms)

    def _note_tracks(self, tracks: tuple[Track, ...]) -> None:
        """Update the stream's tracks with the publisher's."""
        video, audio = _video_of(tracks), _audio_of(tracks)
        if video is not None:
            self._video = video
        if audio is not None and (self._audio is None or not _is_alike(audio, self._audio)):
            self._audio = audio
        self._alike = audio if audio is not self._audio else None
        known: list[Track | None] = []
        if "picture" in self._kinds:
            known.append(self._video)
        if "sound" in self._kinds:
            known.append(self._audio)
        self._tracks = tuple(track for track in known if track is not None)


def _video_of(tracks: tuple[Track, ...]) -> VideoTrack | None:
    return next((track for track in tracks if isinstance(track, VideoTrack)), None)


def _audio_of(tracks: tuple[Track, ...]) -> AudioTrack | None:
    return next((track for track in tracks if isinstance(track, AudioTrack)), None)


def _is_alike(one: AudioTrack, other: AudioTrack) -> bool:
    """Whether frames of one are decoded correctly with the configuration of the other."""
    if one.codec == "opus":
        return one == other
    return (one.codecs, one.sample_rate, one.channels, one.samples_per_frame) == (
        other.codecs,
        other.sample_rate,
        other.channels,
        other.samples_per_frame,
    )
