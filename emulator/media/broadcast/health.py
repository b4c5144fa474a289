"""Health: measures of a publisher's media as it arrives, with warnings written for people.

It takes the packets as they were on the wire, before `Timeline` repairs their times. Every packet
costs the same.
"""

from collections.abc import Iterable

from msgspec import Struct

from emulator.media.broadcast.ingest_history import SECONDS_MAX, IngestHistory, IngestSample
from emulator.media.ingest import encoders
from emulator.media.ingest.encoders import Encoder
from emulator.media.ingest.transcoding.source_reader import SourcePacket, SourceTrack
from emulator.media.packets import AudioTrack, Packet, VideoTrack
from emulator.media.track_set import Kind

_GAP_MS = 1_000
_WINDOW_MS = 2_000
_KEY_INTERVAL_WARNING_MS = 4_000
_DRIFT_WARNING_MS = 500
_PACE_WARNING = 0.9


class HealthReport(Struct, frozen=True):
    """The health of a publisher at one instant. Rates cover the last two seconds or so, 0 before.

    Codecs are RFC 6381 strings, or names for media that is transcoded; `width` and `height` are
    pixels, `sample_rate` is hertz. Each is None while no such media has come, or where only a
    decoder could tell.

    `pace` is media time divided by arrival time: below 1 the publisher cannot keep up; None before
    it is known. `key_frame_interval_ms` is the last interval, None before the second key frame.
    `drift_ms` is how far audio arrives ahead of video (negative: behind), None unless both come.
    `gaps` counts holes and jumps of over a second in the publisher's clock, `rejoins` its returns.
    """

    video_codec: str | None
    width: int | None
    height: int | None
    audio_codec: str | None
    sample_rate: int | None
    channels: int | None
    video_kbits: int
    audio_kbits: int
    frame_rate: float
    pace: float | None
    key_frame_interval_ms: int | None
    drift_ms: int | None
    gaps: int
    longest_gap_ms: int
    rejoins: int
    warnings: tuple[str, ...]


class _Meter:
    """The sums of one kind of media over a window of arrival time.

    `wire_ms` is its newest wire time. `octets` and `packets` are totals; they include what came
    before the publisher's last return.
    """

    __slots__ = (
        "_octets_before",
        "_packets_before",
        "began_ms",
        "media_ms",
        "octets",
        "packets",
        "rates",
        "wire_ms",
    )

    def __init__(self, octets: int = 0, packets: int = 0) -> None:
        self.wire_ms: int | None = None
        self.began_ms: int | None = None
        self.octets = self._octets_before = octets
        self.packets = self._packets_before = packets
        self.media_ms = 0
        # The rates of a full window, each per millisecond of arrival: bits, packets, media
        # milliseconds.
        self.rates: tuple[float, float, float] | None = None

    def add(self, octets: int, wire_ms: int, at_ms: int) -> int:
        """Count a packet. Return the hole or jump before it in milliseconds, 0 for none."""
        if self.began_ms is None:
            self.began_ms = at_ms
        elif at_ms - self.began_ms >= _WINDOW_MS:
            self.rates = self._measured(at_ms)
            self.began_ms = at_ms
            self._octets_before, self._packets_before = self.octets, self.packets
            self.media_ms = 0
        self.octets += octets
        self.packets += 1
        step = 0 if self.wire_ms is None else wire_ms - self.wire_ms
        self.wire_ms = wire_ms
        if -_GAP_MS <= step <= _GAP_MS:
            self.media_ms += step
            return 0
        return abs(step)

    def current(self, now_ms: int) -> tuple[float, float, float]:
        """The rates of the last full window, or of the running one if packets have stopped."""
        if self.began_ms is not None and now_ms - self.began_ms >= 2 * _WINDOW_MS:
            return self._measured(now_ms)
        return self.rates or (0.0, 0.0, 0.0)

    def _measured(self, now_ms: int) -> tuple[float, float, float]:
        elapsed_ms = now_ms - (self.began_ms or 0)
        octets, packets = self.octets - self._octets_before, self.packets - self._packets_before
        return 8 * octets / elapsed_ms, packets / elapsed_ms, self.media_ms / elapsed_ms


class PublisherHealth:
    """The health of one stream, over all connections of its publisher.

    It keeps a sample of each of the last `history_seconds` seconds.
    """

    def __init__(self, history_seconds: int = SECONDS_MAX) -> None:
        self._history = IngestHistory(history_seconds)
        # The current second, and the counts at its start; 0 before the first packet.
        self._second = 0
        self._counts = (0, 0, 0, 0, 0)
        self._video = _Meter()
        self._audio = _Meter()
        self._picture: VideoTrack | SourceTrack | None = None
        self._sound: AudioTrack | SourceTrack | None = None
        self._key_at_ms: int | None = None
        self._key_interval_ms: int | None = None
        self._drift_ms: float | None = None
        self._gaps = 0
        self._longest_gap_ms = 0
        self._rejoins = 0
        self._warned: list[str] = []

    def warn(self, message: str) -> None:
        """Add a warning about this publisher's media; it stays until the publisher comes back."""
        self._warned.append(message)

    def note(self, packets: Iterable[Packet | SourcePacket], at_ms: int) -> None:
        """Count packets that arrived at `at_ms`, as the publisher sent them."""
        if at_ms // 1000 > self._second:
            self._end_second(at_ms // 1000)
        for packet in packets:
            track = packet.track
            wire_ms = packet.dts * 1000 // track.timescale
            if isinstance(track, VideoTrack) or (
                isinstance(track, SourceTrack) and track.kind == "picture"
            ):
                self._picture = track
                gap_ms = self._video.add(len(packet.data), wire_ms, at_ms)
                if packet.is_key:
                    self._note_key_frame(wire_ms)
                self._note_drift(wire_ms)
            else:
                self._sound = track
                gap_ms = self._audio.add(len(packet.data), wire_ms, at_ms)
            if gap_ms:
                self._gaps += 1
                self._longest_gap_ms = max(self._longest_gap_ms, gap_ms)

    def rejoin(self) -> None:
        """Note that the publisher came back: its clock starts again, its counts continue."""
        self._rejoins += 1
        self._warned.clear()
        self._video = _Meter(self._video.octets, self._video.packets)
        self._audio = _Meter(self._audio.octets, self._audio.packets)
        self._picture = self._sound = None
        self._key_at_ms = self._key_interval_ms = self._drift_ms = None

    def report(
        self, now_ms: int, encoder: Encoder = "other", left_out: frozenset[Kind] = frozenset()
    ) -> HealthReport:
        """The health at this instant, with warnings for the user of this encoder.

        `left_out`: media that the publisher sends but viewers do not get, because the stream began
        without it.
        """
        video_bits, video_frames, video_pace = self._video.current(now_ms)
        audio_bits, _, audio_pace = self._audio.current(now_ms)
        is_measured = self._video.rates is not None or self._audio.rates is not None
        pace = max(video_pace, audio_pace) if is_measured else None
        picture, sound = self._picture, self._sound
        return HealthReport(
            video_codec=picture.codecs if picture else None,
            width=picture.width or None if picture else None,
            height=picture.height or None if picture else None,
            audio_codec=sound.codecs if sound else None,
            sample_rate=sound.sample_rate or None if sound else None,
            channels=sound.channels or None if sound else None,
            video_kbits=round(video_bits),
            audio_kbits=round(audio_bits),
            frame_rate=round(1000 * video_frames, 2),
            pace=None if pace is None else round(pace, 2),
            key_frame_interval_ms=self._key_interval_ms,
            drift_ms=None if self._drift_ms is None else round(self._drift_ms),
            gaps=self._gaps,
            longest_gap_ms=self._longest_gap_ms,
            rejoins=self._rejoins,
            warnings=tuple(self._warnings(now_ms, pace, encoder, left_out)),
        )

    def history(self, now_ms: int, seconds: int) -> tuple[int, list[IngestSample]]:
        """The start of the oldest sample, and the last `seconds` samples.

        They reach to the last whole second. The start is in milliseconds since 1970. There are no
        samples before the first second is over.
        """
        second = now_ms // 1000
        if self._second and second > self._second:
            self._end_second(second)
        begin, samples = self._history.read(seconds)
        return 1000 * begin, list(samples)

    def _end_second(self, second: int) -> None:
        """Keep a sample of the current second, and empty ones of silent seconds before `second`."""
        counts = (
            self._video.octets,
            self._audio.octets,
            self._video.packets,
            self._gaps,
            self._rejoins,
        )
        if self._second:
            video, audio, frames, gaps, rejoins = (
                now - before for now, before in zip(counts, self._counts, strict=True)
            )
            sample = IngestSample(
                video_kbits=round(8 * video / 1000),
                audio_kbits=round(8 * audio / 1000),
                frames=frames,
                gaps=gaps,
                rejoins=rejoins,
                key_frame_interval_ms=self._key_interval_ms,
                drift_ms=None if self._drift_ms is None else round(self._drift_ms),
            )
            self._history.add(self._second, sample)
            if second - 1 > self._second:
                self._history.add(second - 1, IngestSample())
        self._second, self._counts = second, counts

    def _note_key_frame(self, wire_ms: int) -> None:
        if self._key_at_ms is not None:
            interval_ms = wire_ms - self._key_at_ms
            # A jump of the clock tells nothing about the encoder's settings.
            if 0 < interval_ms <= 600_000:
                self._key_interval_ms = interval_ms
        self._key_at_ms = wire_ms

    def _note_drift(self, wire_ms: int) -> None:
        """Update the drift, smoothed over some 16 frames: sound comes in bursts between frames."""
        if self._audio.wire_ms is None:
            return
        drift_ms = self._audio.wire_ms - wire_ms
        if self._drift_ms is None or abs(drift_ms - self._drift_ms) > 10_000:
            self._drift_ms = drift_ms
        else:
            self._drift_ms += (drift_ms - self._drift_ms) / 16

    def _warnings(
        self, now_ms: int, pace: float | None, encoder: Encoder, left_out: frozenset[Kind]
    ) -> list[str]:
        names = list(self._warned)
        interval_ms = self._key_interval_ms or 0
        if self._key_at_ms is not None and self._video.wire_ms is not None:
            interval_ms = max(interval_ms, self._video.wire_ms - self._key_at_ms)
        if interval_ms > _KEY_INTERVAL_WARNING_MS:
            names.append(
                f"Key frames come only every {interval_ms / 1000:.0f} s: players start late. "
                + encoders.advice("key_frames", encoder)
            )
        if pace is not None and pace < _PACE_WARNING:
            names.append(
                f"Only {100 * pace:.0f} % of real time arrives: the publisher's machine or its "
                "connection cannot keep up. Lower the bit rate, the size or the frame rate."
            )
        if self._drift_ms is not None and abs(self._drift_ms) > _DRIFT_WARNING_MS:
            ahead, behind = ("Sound", "picture") if self._drift_ms > 0 else ("Picture", "sound")
            names.append(
                f"{ahead} is sent {abs(self._drift_ms) / 1000:.1f} s ahead of the {behind}. "
                + encoders.advice("sound_offset", encoder)
            )
        names += self._missing(now_ms)
        names += [
            f"The publisher sends {kind} now, but the stream began without it. Players cannot add "
            f"a track, so this {kind} is left out. The next stream will have it."
            for kind in sorted(left_out)
        ]
        if self._gaps:
            names.append(
                f"The publisher's clock had {self._gaps} holes or jumps, the longest of "
                f"{self._longest_gap_ms / 1000:.1f} s: viewers saw a stop or a cut."
            )
        return names

    def _missing(self, now_ms: int) -> list[str]:
        """A warning where only one of sound and picture has come for a few seconds."""
        for meter, other, name in (
            (self._video, self._audio, "sound"),
            (self._audio, self._video, "picture"),
        ):
            if meter.rates is not None and other.wire_ms is None and meter.current(now_ms)[1]:
                return [f"The publisher sends no {name}."]
        return []
