"""Demux: reads an MP4 file as packets, all tracks on one clock from 0.

For threads; imports PyAV on use.

FFmpeg has written the file, so tracks have the configuration records that MP4 needs.
"""

import heapq
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from emulator.core.errors import Refused
from emulator.media import codecs
from emulator.media.codecs import vui
from emulator.media.packets import COMPOSITION_MS_MAX, AudioTrack, Packet, Track, VideoTrack
from emulator.media.recording.uploads.probe import codec_of, open_upload, picture_of, sound_of
from emulator.media.ticks import TICKS_PER_MS, TICKS_PER_SECOND

if TYPE_CHECKING:
    from av.container import InputContainer

# A video with rarer key frames is transcoded, since a player could not seek in it.
KEY_INTERVAL_MAX = 10 * TICKS_PER_SECOND
# A video is also transcoded if a picture stands longer than a second (plus rounding): it would be
# shown over segments with audio alone, whose times hls.js takes for those of another timeline.
_STANDS_MAX = TICKS_PER_SECOND * 11 // 10
# The last picture may stand this much longer than its duration, if there is audio to that end.
_STRETCH_MAX = TICKS_PER_SECOND
# Players start in spite of a hole of this length.
_START_HOLE_MAX = TICKS_PER_SECOND // 10
# A video whose pictures are decoded longer than this before they are shown is transcoded: all would
# be this late.
_DELAY_MAX = TICKS_PER_SECOND // 4
_COMPOSITION_MAX = COMPOSITION_MS_MAX * TICKS_PER_MS
# An MP4 has a duration for each step between decode times, and players show a picture for that
# long. Where pictures are reordered, the picture with the long step is not the one that stands.
_REORDERED_HOLE_MAX = TICKS_PER_SECOND // 2
# Audio that begins at most 1/50 s before the start is played from the start on.
_SOUND_EARLY_MAX = 50
_VIDEO_FOURCC = {"h264": b"avc1", "hevc": b"hvc1", "av1": b"av01", "vp9": b"vp09"}
_AUDIO_FOURCC = {"aac": b"mp4a", "opus": b"Opus"}
_MOOV_MAX = 64 * 2**20


class UploadedFilm:
    """One open file. `packets` yields all of it in order of time; `tracks` are its tracks.

    Times count from the time at which the first track begins to be shown, as in a player of the
    file: HLS has no edit list. No frame is shown before it is decoded, so where pictures are
    reordered, everything is later by that delay. The first picture is shown from the start on, and
    each one until the next. The file is read twice at the same time, so that no interleaving costs
    memory.
    """

    def __init__(self, path: Path) -> None:
        """Open a file.

        Refuses (`unsupported`), or raises `ProtocolError`, for a track unfit for HLS.
        """
        self._containers: list[InputContainer] = []
        try:
            self._open(path)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "UploadedFilm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for container in self._containers:
            container.close()

    @property
    def tracks(self) -> tuple[Track, ...]:
        """The tracks, video first."""
        return (self._video,) if self._audio is None else (self._video, self._audio)

    def packets(self) -> Iterator[Packet]:
        """Yield every packet from the first key frame on.

        Refuses key frames that are too far apart.
        """
        pictures = self._pictures()
        first = next(pictures, None)
        if first is None:
            raise Refused("unsupported", "There is no key frame in this video.")
        lanes = [_timed(self._checked(first, pictures))]
        if self._audio is not None:
            lanes.append(_timed(self._sounds(self._audio)))
        for _, packet in heapq.merge(*lanes, key=lambda timed: timed[0]):
            yield packet

    def _open(self, path: Path) -> None:
        self._containers.append(open_upload(path))
        self._picture_stream: Any = picture_of(self._containers[0])
        name = codec_of(self._picture_stream)
        self._video_format = codecs.video(_VIDEO_FOURCC.get(name, name.encode()))
        config = self._picture_stream.codec_context.extradata or b""
        if name == "vp9":
            config = _record(path, b"vpcC")
        self._video = self._video_format.track(config)
        if not self._video.width:
            self._size()
        # The container's pixel aspect ratio counts, whatever is in the codec's header.
        aspect = self._picture_stream.sample_aspect_ratio
        if aspect:
            shape = vui.aspect_of(aspect.numerator, aspect.denominator)
            self._video = replace(self._video, aspect=shape)
        sound = sound_of(self._containers[0])
        self._audio: AudioTrack | None = None
        if sound is not None:
            name = codec_of(sound)
            self._audio_format = codecs.audio(_AUDIO_FOURCC.get(name, name.encode()))
            self._audio = self._audio_format.track(sound.codec_context.extradata or b"")
            self._containers.append(open_upload(path))
        streams = [self._picture_stream] if sound is None else [self._picture_stream, sound]
        self._delay = 0
        self._begins = min(_seconds(stream, stream.start_time) for stream in streams)
        self._sound_end = 0
        if sound is not None and sound.duration:
            end = _seconds(sound, sound.start_time) + _seconds(sound, sound.duration)
            self._sound_end = round((end - self._begins) * TICKS_PER_SECOND)

    def _size(self) -> None:
        """Read the size from the first key frame: VP9's record and some AV1 records have none."""
        for packet in self._containers[0].demux(self._picture_stream):
            if packet.is_keyframe and packet.size and self._video_format.sized:
                self._video = self._video_format.sized(self._video, bytes(packet))
                break
        self._containers[0].seek(0)

    def _pictures(self) -> Iterator[Packet]:
        track: VideoTrack = self._video
        sampler = self._video_format.sampler and self._video_format.sampler(track)
        last, first_pts = -1, 0
        for packet, dts, pts in self._picture_times():
            if last < 0:
                self._delay, first_pts = pts - dts, pts
                if self._delay > _DELAY_MAX:
                    raise Refused("unsupported", "Its pictures are decoded long before their time.")
                if pts > _START_HOLE_MAX:
                    dts, pts = -self._delay, 0
            elif pts < first_pts:
                continue  # It is shown before the first key frame; no frame depends on it.
            dts, pts = max(dts + self._delay, last + 1), pts + self._delay
            last = dts
            data: bytes | memoryview = bytes(packet)
            if sampler is not None:
                data = sampler(data)
            duration = _ticks(packet.duration or 0, packet.time_base, TICKS_PER_SECOND)
            yield Packet(track, dts, pts, duration, bool(packet.is_keyframe), data)

    def _picture_times(self) -> Iterator[tuple[Any, int, int]]:
        """Yield the pictures from the first key frame on, with their times in the file.

        Where a picture's times are too far apart, they are as far apart as the last picture's.
        """
        composition: int | None = None
        for packet in self._containers[0].demux(self._picture_stream):
            is_begun = composition is not None
            if packet.dts is None or not packet.size or not (is_begun or packet.is_keyframe):
                continue
            dts = self._ticks(packet.dts, packet.time_base, TICKS_PER_SECOND)
            pts = self._ticks(packet.pts, packet.time_base, TICKS_PER_SECOND)
            if composition is not None and abs(pts - dts) > _COMPOSITION_MAX:
                pts = dts + composition
            composition = pts - dts
            yield packet, dts, pts

    def _checked(self, packet: Packet, later: Iterator[Packet]) -> Iterator[Packet]:
        """Yield each picture with its duration: until the next one, the last with the audio."""
        key_at = packet.dts
        for following in later:
            duration = following.dts - packet.dts
            if following.dts - key_at > KEY_INTERVAL_MAX:
                raise Refused("unsupported", "Its key frames are more than 10 s apart.")
            if duration > _STANDS_MAX:
                raise Refused("unsupported", "A picture stands for more than a second.")
            if self._delay and duration > _REORDERED_HOLE_MAX:
                raise Refused("unsupported", "A picture among reordered ones stands for long.")
            yield replace(packet, duration=duration)
            packet = following
            if packet.is_key:
                key_at = packet.dts
        until_sound_end = self._sound_end - packet.dts
        if packet.duration < until_sound_end <= packet.duration + _STRETCH_MAX:
            packet = replace(packet, duration=until_sound_end)
        yield packet

    def _sounds(self, track: AudioTrack) -> Iterator[Packet]:
        last = -1
        stream = sound_of(self._containers[1])
        assert stream is not None
        for packet in self._containers[1].demux(stream):
            # Audio that an edit list hides, mostly before the start, is not played.
            if packet.dts is None or not packet.size or packet.is_discard:
                continue
            dts = self._ticks(packet.dts, packet.time_base, track.timescale)
            if dts <= -track.timescale // _SOUND_EARLY_MAX:
                continue
            dts = max(dts + self._delay * track.timescale // TICKS_PER_SECOND, last + 1)
            data = bytes(packet)
            samples = self._audio_format.samples
            duration = samples(data) if samples else track.samples_per_frame or 0
            last = dts
            yield Packet(track, dts, dts, duration, True, data)

    def _ticks(self, at: int, time_base: Fraction, timescale: int) -> int:
        return _ticks(at, time_base, timescale) - round(self._begins * timescale)


def _seconds(stream: Any, ticks: int | None) -> Fraction:
    time_base: Fraction = stream.time_base
    return (ticks or 0) * time_base


def _timed(packets: Iterator[Packet]) -> Iterator[tuple[int, Packet]]:
    for packet in packets:
        yield packet.ticks, packet


def _ticks(at: int, time_base: Fraction, timescale: int) -> int:
    return round(at * time_base * timescale)


def _record(path: Path, kind: bytes) -> bytes:
    """Read the content of a box in the file's `moov`, which FFmpeg reads but does not return.

    Empty where there is no such box.
    """
    with path.open("rb") as file:
        while len(head := file.read(16)) >= 8:
            size, name, header = int.from_bytes(head[:4]), head[4:8], 8
            if size == 1:
                size, header = int.from_bytes(head[8:16]), 16
            file.seek(header - len(head), 1)
            if name == b"moov":
                return _content(file.read(min(size - header, _MOOV_MAX)), kind)
            if size < header:
                break
            file.seek(size - header, 1)
    return b""


def _content(moov: bytes, kind: bytes) -> bytes:
    at = moov.find(kind)
    return moov[at + 4 : at - 4 + int.from_bytes(moov[at - 4 : at])] if at >= 4 else b""
