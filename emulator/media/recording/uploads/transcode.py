"""Transcode: makes an MP4 that HLS can carry from a file. Tracks are copied where possible.

For threads; imports PyAV on use. Damage is skipped, as players do: a packet that cannot be decoded
is left out, and a file that breaks off ends there.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.recording.uploads.probe import (
    Probed,
    open_upload,
    packets_of,
    picture_of,
    sound_of,
)
from emulator.media.recording.uploads.progress import JobProgress
from emulator.media.recording.uploads.turn import Turner
from emulator.media.ticks import TICKS_PER_SECOND

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

Codec = Literal["h264", "hevc", "vp9", "av1"]
Sound = Literal["aac", "opus"]
Quality = Literal["low", "medium", "high"]
Span = tuple[int, int]

_CLOCK = Fraction(1, TICKS_PER_SECOND)
# The longest time by which a packet may be decoded before it is shown.
_REORDER_TICKS = TICKS_PER_SECOND
# A key frame every two seconds, so that seeks are short.
_KEY_SECONDS = 2
_KEY_TICKS = _KEY_SECONDS * TICKS_PER_SECOND
# Matrices by ITU-T H.273, 8.3.
_RGB, _BT601 = 0, 6
# A picture that stands longer than this is repeated, so that every segment has one.
_HOLD_TICKS = TICKS_PER_SECOND
# A clock that steps back by the first, or forward by the second (where gaps are possible), was
# restarted.
_BACK_SECONDS, _JUMP_SECONDS = 1, 10
# A picture is not shown longer than this after its decoding, nor before it. Of reordered pictures,
# one may stand for minutes, and those that follow it are decoded before that.
_COMPOSITION_SECONDS_MAX = 3_600
# A picture that stands longer than a day means that the clock jumped.
_HELD_MAX = 86_400 * TICKS_PER_SECOND
_RATE_MAX = 120
# Encoding must leave a core for live streams.
_THREADS = 2
_ENCODERS: dict[Codec, str] = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
}
_SOUND_ENCODERS: dict[Sound, str] = {"aac": "aac", "opus": "libopus"}
_OPTIONS: dict[Codec, dict[str, str]] = {
    # Without B-frames the first picture is shown at once, and lengths are exact to the frame.
    "h264": {"preset": "veryfast", "bf": "0"},
    "hevc": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "b": "0"},
    "av1": {"preset": "12", "svtav1-params": "scd=0"},
}
# Constant quality, by each encoder's own scale.
_CRF: dict[Codec, dict[Quality, int]] = {
    "h264": {"low": 30, "medium": 24, "high": 19},
    "hevc": {"low": 32, "medium": 27, "high": 21},
    "vp9": {"low": 45, "medium": 36, "high": 28},
    "av1": {"low": 50, "medium": 40, "high": 30},
}
_SOUND_BITS, _SOUND_RATE = 128_000, 48_000
# The number of samples by which audio may be late before silence is added; and the longest hole.
_HOLE_MIN, _HOLE_MAX = _SOUND_RATE // 10, 600 * _SOUND_RATE


class TranscodePlan(Struct, frozen=True):
    """The settings to convert a file; None copies a track. `width` and `height` are even."""

    codec: Codec | None
    sound: Sound | None
    width: int
    height: int
    quality: Quality = "medium"
    span: Span | None = None


class Shaper(Protocol):
    """Converts decoded pictures to the form that an encoder was opened for."""

    def turn(self, frame: Any) -> Any: ...


class Lane(Protocol):
    """The way of one track from file to file."""

    def take(self, packet: Any) -> None: ...

    def finish(self) -> None: ...


def transcode(
    source: Path, target: Path, probed: Probed, plan: TranscodePlan, progress: JobProgress
) -> None:
    """Write `target` from `source`. Refuses (`unsupported`) a file without any usable media.

    Raises `FFmpegError` where a track cannot be copied, `OSError` where no file can be written.
    """
    import av

    with ExitStack() as stack:
        container = stack.enter_context(open_upload(source))
        out = stack.enter_context(
            av.open(str(target), "w", format="mp4", options={"movflags": "faststart"})
        )
        lanes = _lanes(container, out, probed, plan)
        seconds = probed.seconds or 1.0
        past: set[int] = set()
        streams = [container.streams[index] for index in lanes]
        clock = _FileClock(_begins(streams) if plan.span is None else Fraction(0), container)
        for packet in _packets(container, streams):
            clock.set(packet)
            at = packet.dts if packet.dts is not None else packet.pts
            if at is not None:
                progress.step(float(at * packet.time_base) / seconds)
                if plan.span and at * packet.time_base / _CLOCK > plan.span[1] + _REORDER_TICKS:
                    past.add(packet.stream.index)
            if packet.stream.index not in past:
                lanes[packet.stream.index].take(packet)
            elif len(past) == len(lanes):
                break
        for lane in lanes.values():
            lane.finish()


def _packets(container: "InputContainer", streams: list[Any]) -> Iterator[Any]:
    """Yield the usable packets.

    An empty one only marks the end of a track; a corrupt one was cut off by the end of the file, or
    has lost bytes, and browsers stop at a frame that they cannot decode.
    """
    for packet in packets_of(container, streams):
        if packet.size and not packet.is_corrupt:
            yield packet


def _begins(streams: list[Any]) -> Fraction:
    """The start of the first track in seconds: files may count from any time.

    For example, a transport stream's clock may wrap (ISO/IEC 13818-1, 2.4.3.7: 33 bits); FFmpeg
    then counts the packets before the wrap below 0.
    """
    known = [stream for stream in streams if stream.start_time is not None]
    return min((item.start_time * item.time_base for item in known), default=Fraction(0))


class _FileClock:
    """Sets times of packets from 0 on, over every jump of the file's own clock.

    After a jump the clock continues at the end of the media so far, for all tracks alike: joined
    transport streams start again, with the tracks as far apart as before.
    """

    def __init__(self, begins: Fraction, container: "InputContainer") -> None:
        # In other formats a picture may stand for that long.
        has_gaps = container.format.name in ("mpegts", "mpeg")
        self._forward = _JUMP_SECONDS if has_gaps else float("inf")
        # The offset in seconds, by the number of jumps; the number of jumps of each track; and the
        # last time in the file.
        self._offsets = [-begins]
        self._jumps: dict[int, int] = {}
        self._last: dict[int, Fraction] = {}
        self._end = Fraction(0)
        # The time from each track's last packet's decoding to its presentation, in its time base.
        self._composition: dict[int, int] = {}

    def set(self, packet: Any) -> None:
        self._bound_composition(packet)
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            return
        at, index = ticks * packet.time_base, packet.stream.index
        step = at - self._last.get(index, at)
        jumps = self._jumps.setdefault(index, 0)
        if step < -_BACK_SECONDS or step > self._forward:
            jumps = self._jumps[index] = jumps + 1
            if jumps == len(self._offsets):
                self._offsets.append(self._end - at)
        self._last[index] = at
        offset = self._offsets[jumps]
        self._end = max(self._end, at + offset + (packet.duration or 0) * packet.time_base)
        shift = round(offset / packet.time_base)
        if packet.pts is not None:
            packet.pts += shift
        if packet.dts is not None:
            packet.dts += shift

    def _bound_composition(self, packet: Any) -> None:
        """Show a packet whose times are too far apart as the one before it."""
        if packet.pts is None or packet.dts is None:
            return
        composition, index = packet.pts - packet.dts, packet.stream.index
        if abs(composition * packet.time_base) > _COMPOSITION_SECONDS_MAX:
            packet.pts = packet.dts + self._composition.get(index, 0)
        else:
            self._composition[index] = composition


def _lanes(
    container: "InputContainer", out: "OutputContainer", probed: Probed, plan: TranscodePlan
) -> dict[int, Lane]:
    """Make a lane for each track to keep, by its index in the file."""
    picture = picture_of(container)
    turner = Turner(probed.orientation, plan.width, plan.height)
    lanes: dict[int, Lane] = {
        picture.index: (
            _Copy(picture, out)
            if plan.codec is None
            else PictureEncoder(picture, out, plan, probed.rate, turner, probed.seconds)
        )
    }
    sound = sound_of(container)
    if sound is not None:
        lanes[sound.index] = (
            _Copy(sound, out)
            if plan.sound is None
            else SoundEncoder(sound, out, plan.sound, plan.span)
        )
    return lanes


class _Copy:
    """Copies a track.

    Refuses (`unsupported`) a video track of which an edit list hides pictures: to show later ones,
    a player would have to decode these without showing them, which it does for a file but not for
    HLS.
    """

    def __init__(self, stream: Any, out: "OutputContainer") -> None:
        self._out = out
        self._is_picture = stream.type == "video"
        self._stream: Any = out.add_stream_from_template(stream, opaque=True)
        name_as_players_do(self._stream)
        self._last: int | None = None
        self._held: list[Any] = []

    def take(self, packet: Any) -> None:
        """Copy a packet.

        Files without decode times (Matroska) give them after a few packets only.
        """
        if packet.is_discard:
            if self._is_picture:
                raise Refused("unsupported", "Its edit list hides pictures.")
            # Audio before the start stays hidden there: the decoder needs it for a clean start.
            if packet.pts is None or packet.pts >= 0:
                return
        step = packet.duration or 1
        if packet.dts is None:
            if self._last is None:
                self._held.append(packet)
                return
            packet.dts = self._last + step
        held, self._held = self._held, []
        for number, item in enumerate(held):
            item.dts = packet.dts - step * (len(held) - number)
            self._mux(item)
        self._mux(packet)

    def finish(self) -> None:
        for number, packet in enumerate(self._held):
            packet.dts = number
            self._mux(packet)

    def _mux(self, packet: Any) -> None:
        # A file may have steps back in time, which MP4 cannot represent.
        if self._last is not None and packet.dts <= self._last:
            if packet.pts is None or packet.pts <= self._last:
                return
            packet.dts = self._last + 1
        self._last = packet.dts
        packet.stream = self._stream
        self._out.mux_one(packet)


class PictureEncoder:
    """Transcodes pictures: as `turner` converts them, in the plan's size.

    `rate` is their approximate number a second, which sets the interval of key frames. `seconds`:
    until when the last picture may stand, if its duration says so.
    """

    def __init__(
        self,
        source: Any,
        out: "OutputContainer",
        plan: TranscodePlan,
        rate: Fraction,
        turner: Shaper,
        seconds: float = 0,
    ) -> None:
        assert plan.codec is not None
        self._source = source
        self._out = out
        rate = min(max(rate, Fraction(1)), Fraction(_RATE_MAX))
        stream: Any = out.add_stream(_ENCODERS[plan.codec], rate=rate)
        stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
        context = stream.codec_context
        context.time_base = _CLOCK
        # SVT-AV1 prints a message for each encoder that it opens; 1 is "errors only".
        os.environ.setdefault("SVT_LOG", "1")
        context.gop_size = max(1, round(rate * _KEY_SECONDS))
        context.thread_count = _THREADS
        context.options = {**_OPTIONS[plan.codec], "crf": str(_CRF[plan.codec][plan.quality])}
        name_as_players_do(stream)
        _copy_colours(source.codec_context, context)
        self._stream = stream
        self._turner = turner
        self._last: int | None = None
        self._key_at = 0
        self._shown: Any = None
        self._end, self._seconds = 0, Fraction(seconds)
        self._span = plan.span

    def take(self, packet: Any) -> None:
        self._encode(_decoded(self._source, packet))

    def switch(self, source: Any) -> None:
        """Decode later packets as packets of `source`."""
        self._encode(_decoded(self._source, None))
        self._source = source

    def _encode(self, frames: list[Any]) -> None:
        for frame in frames:
            if frame.pts is None:
                continue
            pts = round(frame.pts * frame.time_base / _CLOCK)
            if self._span is not None:
                if not self._span[0] <= pts < self._span[1]:
                    continue
                pts -= self._span[0]
            if self._last is not None and pts <= self._last:
                continue
            self._end = pts + round((frame.duration or 0) * frame.time_base / _CLOCK)
            upright = self._turner.turn(frame)
            self._hold(upright, pts)
            self._show(upright, pts)

    def _hold(self, following: Any, pts: int) -> None:
        """Repeat a picture that stands for long.

        The time before the first picture shows that picture too, as a recording must begin with
        one.
        """
        last = self._last
        if last is None:
            if self._span is None and pts > _HOLD_TICKS:
                self._show(following, 0)
                self._hold(following, pts)
            return
        for at in range(last + _HOLD_TICKS, min(pts, last + _HELD_MAX), _HOLD_TICKS):
            self._show(self._shown, at)

    def _show(self, frame: Any, pts: int) -> None:
        self._last, self._shown = pts, frame
        frame.pts, frame.time_base = pts, _CLOCK
        # The encoder chooses the places of key frames, as long as there are enough.
        is_due = pts - self._key_at >= 2 * _KEY_TICKS
        frame.pict_type = 1 if is_due else 0
        if is_due:
            self._key_at = pts
        for packet in self._stream.encode(frame):
            if packet.is_keyframe:
                self._key_at = max(self._key_at, packet.pts)
            self._out.mux(packet)

    def finish(self) -> None:
        self._encode(_decoded(self._source, None))
        if self._last is None:
            raise Refused("unsupported", "None of this video's pictures can be decoded.")
        if self._span is None:
            self._hold(None, min(self._end, round(self._seconds / _CLOCK)))
        self._out.mux(self._stream.encode(None))


class SoundEncoder:
    """Transcodes audio to stereo at 48 kHz."""

    def __init__(
        self, source: Any, out: "OutputContainer", sound: Sound, span: Span | None
    ) -> None:
        from av import AudioResampler

        self._source = source
        self._out = out
        stream: Any = out.add_stream(_SOUND_ENCODERS[sound], rate=_SOUND_RATE, layout="stereo")
        stream.bit_rate = _SOUND_BITS
        self._stream = stream
        self._form = "fltp" if sound == "aac" else "flt"
        self._make: Any = AudioResampler
        self._resampler: Any = None
        self._kind: tuple[str, str, int] | None = None
        self._next: int | None = None
        self._surplus = 0
        self._span = span and (
            span[0] * _SOUND_RATE // TICKS_PER_SECOND,
            span[1] * _SOUND_RATE // TICKS_PER_SECOND,
        )

    def take(self, packet: Any) -> None:
        self._resample(_decoded(self._source, packet))

    def switch(self, source: Any) -> None:
        """Decode later packets as packets of `source`; audio that overlaps is dropped."""
        self._drain()
        self._source = source

    def _resample(self, frames: list[Any]) -> None:
        for frame in frames:
            self._start(frame)
            self._fill(frame)
            for piece in self._resampler.resample(frame):
                self._encode(piece)

    def finish(self) -> None:
        self._drain()
        if self._next is not None:
            self._out.mux(self._stream.encode(None))

    def _drain(self) -> None:
        self._resample(_decoded(self._source, None))
        self._end_resampling()

    def _end_resampling(self) -> None:
        if self._resampler is not None:
            for piece in self._resampler.resample(None):
                self._encode(piece)
        self._resampler = None

    def _start(self, frame: Any) -> None:
        """Make a resampler for this kind of audio, which may change within a file, at its start."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is not None and kind == self._kind:
            return
        self._end_resampling()
        self._kind = kind
        self._resampler = self._make(self._form, "stereo", _SOUND_RATE)
        self._surplus = 0
        if frame.pts is None:
            self._next = self._next or 0
            return
        at = round(frame.pts * frame.time_base * _SOUND_RATE)
        if self._next is None:
            self._next = at
        elif at > self._next:
            self._encode(self._silence(min(at - self._next, _HOLE_MAX)))
        self._surplus = min(self._next - at, _HOLE_MIN)

    def _fill(self, frame: Any) -> None:
        """Fill a hole with silence, so that later audio does not come too early."""
        if frame.pts is None:
            return
        hole = round(frame.pts * frame.time_base * _SOUND_RATE) - (self._next or 0)
        if _HOLE_MIN < hole < _HOLE_MAX:
            self._encode(self._silence(hole))

    def _silence(self, samples: int) -> Any:
        from av import AudioFrame

        frame = AudioFrame(self._form, "stereo", samples)
        frame.sample_rate = _SOUND_RATE
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        return frame

    def _encode(self, piece: Any) -> None:
        """Encode audio, with times counted by its samples: the file's own times jitter."""
        if self._surplus > 0:
            first, self._surplus = self._surplus, self._surplus - piece.samples
            if first >= piece.samples:
                return
            piece = self._part(piece, first, piece.samples)
        at = self._next or 0
        self._next = at + piece.samples
        if self._span is not None:
            first, last = max(0, self._span[0] - at), min(piece.samples, self._span[1] - at)
            if first >= last:
                return
            piece, at = self._part(piece, first, last), at + first - self._span[0]
        piece.pts, piece.time_base = at, Fraction(1, _SOUND_RATE)
        self._out.mux(self._stream.encode(piece))

    def _part(self, piece: Any, first: int, last: int) -> Any:
        """Cut these samples out of a piece of audio."""
        if last - first == piece.samples:
            return piece
        part = self._silence(last - first)
        # Planar audio has a plane for each channel, packed audio one for both; both hold floats.
        width = 4 * 2 // len(part.planes)
        for into, out_of in zip(part.planes, piece.planes, strict=True):
            cut = bytes(out_of)[first * width : last * width]
            into.update(cut + bytes(into.buffer_size - len(cut)))
        return part


def name_as_players_do(stream: Any) -> None:
    """Set HEVC's sample entry to `hvc1`, which Apple's players need; FFmpeg's default is `hev1`."""
    if stream.codec_context.name in ("hevc", "libx265"):
        stream.codec_context.codec_tag = "hvc1"


def _copy_colours(source: Any, context: Any) -> None:
    """Copy the colour space to the new file, also for HDR and older matrices."""
    context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
    # FFmpeg converts RGB pictures to YCbCr with its default matrix (BT.601).
    context.colorspace = _BT601 if source.colorspace == _RGB else source.colorspace


def _decoded(stream: Any, packet: Any) -> list[Any]:
    """Decode a packet, or with None the frames that the decoder holds back."""
    import av

    if stream is None:
        return []
    try:
        frames = list(stream.codec_context.decode(packet))
    except av.FFmpegError:
        return []
    for frame in frames:
        frame.time_base = frame.time_base or stream.time_base
    return frames
