"""FilmBroadcast: any file that PyAV reads, in real time.

H.264 and AAC are copied packet by packet; any other codec is decoded and encoded anew.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from emulator.core.errors import Refused
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.flv_tap import FlvTap, open_muxer
from emulator.media.publisher.lanes import AudioLane, CopyLane, Lane, VideoLane
from emulator.media.publisher.settings import PublishSettings

if TYPE_CHECKING:
    from av import AudioStream, VideoStream
    from av.container import InputContainer

    from emulator.media.publisher.lanes import AnyPacket

# A machine that stalled for longer than this does not catch up: the film goes on from here.
_LATE_MAX_MS: Final = 500


class FilmBroadcast:
    """Packet by packet: wait until `due_ms`, then `step`."""

    def __init__(self, path: Path, settings: PublishSettings) -> None:
        """Refuses what is no film: nothing to open, no picture and no sound in it."""
        self._settings = settings
        self._file = _open(path)
        self._tap = FlvTap()
        self._container = open_muxer(self._tap)
        self._lanes = self._make_lanes(path)
        # How much later than by the film's own clock each packet is due, after stalls.
        self._delay_ms = 0
        self._packets = self._all_packets()
        self._next: tuple[int, AnyPacket] | None = None
        self._fetch()

    @property
    def due_ms(self) -> int | None:
        """When the next packet is to be sent, in milliseconds since the first; None at the end."""
        return None if self._next is None else self._next[0] + self._delay_ms

    def step(self, elapsed_ms: int) -> list[Tag]:
        """Send one packet. `elapsed_ms` is the time it is."""
        if self._next is None or self.due_ms is None:
            return []
        late_ms = elapsed_ms - self.due_ms
        if late_ms > _LATE_MAX_MS:
            self._delay_ms += late_ms
        self._container.mux(self._next[1])
        self._fetch()
        return self._tap.take()

    def close(self) -> list[Tag]:
        """The tags that end the stream."""
        self._container.close()
        self._file.close()
        return self._tap.take()

    def _make_lanes(self, path: Path) -> dict[int, Lane]:
        lanes: dict[int, Lane] = {}
        picture, sound = _picture(self._file), _sound(self._file)
        if picture is not None:
            is_copied = picture.codec_context.name == "h264"
            lanes[picture.index] = (
                CopyLane(picture, self._container)
                if is_copied
                else VideoLane(picture, self._container, self._settings)
            )
        if sound is not None:
            is_copied = sound.codec_context.name == "aac"
            lanes[sound.index] = (
                CopyLane(sound, self._container)
                if is_copied
                else AudioLane(sound, self._container, self._settings)
            )
        if not lanes:
            raise Refused("invalid", f"There is neither picture nor sound in {path}.")
        return lanes

    def _fetch(self) -> None:
        self._next = next(self._packets, None)

    def _all_packets(self) -> Iterator[tuple[int, "AnyPacket"]]:
        """Each packet to send with its own time in milliseconds, over all rounds of a loop."""
        origin: Fraction | None = None
        shift = end = Fraction(0)
        while True:
            for seconds, length, packet in self._round(shift):
                origin = seconds if origin is None else origin
                end = max(end, seconds + length)
                yield max(0, int((seconds - origin) * 1000)), packet
            # A film without any length would be looped for ever within one step.
            if not self._settings.is_looped or origin is None or end - origin <= shift:
                break
            shift = end - origin
            self._file.seek(0)
        for lane in self._lanes.values():
            for packet in lane.drain():
                yield 0, packet

    def _round(self, shift: Fraction) -> Iterator[tuple[Fraction, Fraction, "AnyPacket"]]:
        sources = [lane.source for lane in self._lanes.values()]
        for packet in cast("Iterator[AnyPacket]", self._file.demux(sources)):
            for ready in self._lanes[packet.stream_index].take(packet, shift):
                time = ready.dts if ready.dts is not None else ready.pts
                if time is not None:
                    base = ready.time_base
                    yield time * base, (ready.duration or 0) * base, ready


def _open(path: Path) -> "InputContainer":
    import av
    from av.error import FFmpegError

    try:
        return av.open(str(path))
    except (FFmpegError, OSError) as failure:
        told = (failure.strerror or str(failure)).lower()
        raise Refused("invalid", f"{path} cannot be played: {told}.") from None


def _picture(file: "InputContainer") -> "VideoStream | None":
    from av.stream import Disposition

    for stream in file.streams.video:
        # The cover of a song is no film.
        if not stream.disposition & Disposition.attached_pic:
            return stream
    return None


def _sound(file: "InputContainer") -> "AudioStream | None":
    return next(iter(file.streams.audio), None)
