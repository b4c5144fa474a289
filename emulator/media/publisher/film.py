"""FilmBroadcast: sends any file that PyAV reads, in real time.

H.264 and AAC are copied packet by packet; any other codec is transcoded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from emulator.core.errors import Refused
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.flv_tap import FlvTap, open_muxer
from emulator.media.publisher.lanes import AudioLane, CopyLane, Lane, VideoLane
from emulator.media.recording.uploads.probe import FILM_OPTIONS, find_picture, sound_of

if TYPE_CHECKING:
    from av.container import InputContainer

    from emulator.media.publisher.lanes import AnyPacket

# After a stall longer than this the machine does not catch up: the film continues from there.
_LATE_MAX_MS: Final = 500
# No codec holds back more packets than this (H.264 reorders at most 16 pictures).
_UNTIMED_MAX: Final = 32
# FFmpeg's unit for the times of whole files.
_MICROSECONDS: Final = 1_000_000


class FilmBroadcast:
    """Sends a file packet by packet: wait until `due_ms`, then call `step`."""

    def __init__(self, path: Path, settings: PublishConfig) -> None:
        """Open the file. Refuses one that cannot be opened, or has neither video nor audio."""
        self._path = path
        self._settings = settings
        self._file = _open(path)
        self._tap = FlvTap()
        self._container = open_muxer(self._tap)
        self._lanes = self._make_lanes()
        # The delay of each packet against the film's own clock, after stalls.
        self._delay_ms = 0
        self._packets = self._all_packets()
        self._next: tuple[int, AnyPacket] | None = None
        self._fetch()

    @property
    def due_ms(self) -> int | None:
        """The time of the next packet, in milliseconds since the first; None at the end."""
        return None if self._next is None else self._next[0] + self._delay_ms

    def step(self, elapsed_ms: int) -> list[Tag]:
        """Send one packet. `elapsed_ms` is the current time.

        Refuses (`invalid`) a file that breaks later on, or that FLV cannot carry.
        """
        if self._next is None or self.due_ms is None:
            return []
        late_ms = elapsed_ms - self.due_ms
        if late_ms > _LATE_MAX_MS:
            self._delay_ms += late_ms
        with _refusing(self._path):
            self._container.mux(self._next[1])
        self._fetch()
        return self._tap.take()

    def close(self) -> list[Tag]:
        """The tags that end the stream."""
        self._container.close()
        self._file.close()
        return self._tap.take()

    def _make_lanes(self) -> dict[int, Lane]:
        lanes: dict[int, Lane] = {}
        picture, sound = find_picture(self._file), sound_of(self._file)
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
            raise Refused("invalid", f"{self._path} has neither video nor audio.")
        return lanes

    def _fetch(self) -> None:
        with _refusing(self._path):
            self._next = next(self._packets, None)

    def _all_packets(self) -> Iterator[tuple[int, "AnyPacket"]]:
        """Yield each packet with its time in milliseconds, over all rounds of a loop."""
        # Some containers do not count from 0; a broadcast does.
        shift = -Fraction(self._file.start_time or 0, _MICROSECONDS)
        while True:
            extent = _Extent(self._path)
            for packet, lane in self._round(extent):
                for ready in lane.take(packet, shift):
                    time = ready.dts if ready.dts is not None else ready.pts
                    if time is not None:
                        yield max(0, int(time * ready.time_base * 1000)), ready
            # A film without a length would be looped for ever within one step.
            if not self._settings.is_looped or extent.seconds <= 0:
                break
            shift += extent.seconds
            self._file.seek(0)
        for lane in self._lanes.values():
            for packet in lane.drain():
                yield 0, packet

    def _round(self, extent: "_Extent") -> Iterator[tuple["AnyPacket", Lane]]:
        """Yield every packet of the file, once, with its lane."""
        sources = [lane.source for lane in self._lanes.values()]
        for packet in cast("Iterator[AnyPacket]", self._file.demux(sources)):
            # The last packet of each stream is empty; it makes a decoder return its last frames.
            if packet.size:
                extent.note(packet)
            yield packet, self._lanes[packet.stream_index]


class _Extent:
    """The length of a file: `seconds` of its longest stream, so that rounds do not overlap.

    It is measured by the packets, because the length in a container's header is often wrong.
    """

    def __init__(self, path: Path) -> None:
        self.seconds = Fraction(0)
        self._path = path
        self._begins: dict[int, Fraction] = {}
        self._coded_until: dict[int, int] = {}
        self._untimed = 0

    def note(self, packet: "AnyPacket") -> None:
        """Note a packet.

        Refuses (`invalid`) files without timestamps, or with times that go back.
        """
        stamp = packet.pts if packet.pts is not None else packet.dts
        index = packet.stream_index
        if stamp is None:
            self._untimed += 1
            if self._untimed > _UNTIMED_MAX:
                raise self._refusal("it has no timestamps; put it into an MP4 or MKV file first")
            return
        at = stamp * packet.time_base
        if packet.dts is not None:
            if packet.dts < self._coded_until.get(index, packet.dts):
                raise self._refusal(f"its timestamps jump back after {float(self.seconds):.1f} s")
            self._coded_until[index] = packet.dts
        begin = self._begins[index] = min(at, self._begins.get(index, at))
        self.seconds = max(self.seconds, at - begin + _seconds_of(packet))

    def _refusal(self, reason: str) -> Refused:
        return Refused("invalid", f"{self._path} cannot be sent: {reason}.")


def _seconds_of(packet: "AnyPacket") -> Fraction:
    """The duration of a packet; one frame of the average rate if the container has none."""
    if packet.duration:
        return packet.duration * packet.time_base
    rate = getattr(packet.stream, "average_rate", None)
    return 1 / rate if rate else Fraction(0)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turn FFmpeg's errors into refusals."""
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as failure:
        text = (failure.strerror or str(failure)).lower()
        raise Refused("invalid", f"{path} cannot be sent: {text}.") from None


def _open(path: Path) -> "InputContainer":
    import av
    from av.error import FFmpegError

    try:
        # The file may come from anybody: a playlist would name other files, here or on the network.
        return av.open(str(path.absolute()), "r", options=FILM_OPTIONS)
    except (FFmpegError, OSError) as failure:
        text = (failure.strerror or str(failure)).lower()
        raise Refused("invalid", f"{path} cannot be played: {text}.") from None
