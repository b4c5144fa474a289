"""FilmBroadcast: any file that PyAV reads, in real time.

H.264 and AAC are copied packet by packet; any other codec is decoded and encoded anew.
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

# A machine that stalled for longer than this does not catch up: the film goes on from here.
_LATE_MAX_MS: Final = 500
# More packets without a time than any codec holds back (H.264 reorders 16 pictures at most).
_UNTIMED_MAX: Final = 32
# What FFmpeg counts the times of whole files in.
_MICROSECONDS: Final = 1_000_000


class FilmBroadcast:
    """Packet by packet: wait until `due_ms`, then `step`."""

    def __init__(self, path: Path, settings: PublishConfig) -> None:
        """Refuses a file that cannot be opened, or has neither picture nor sound."""
        self._path = path
        self._settings = settings
        self._file = _open(path)
        self._tap = FlvTap()
        self._container = open_muxer(self._tap)
        self._lanes = self._make_lanes()
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
        """Send one packet. `elapsed_ms` is the time it is.

        Refuses (`invalid`) a file that breaks on the way, or that FLV cannot carry.
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
            raise Refused("invalid", f"There is neither picture nor sound in {self._path}.")
        return lanes

    def _fetch(self) -> None:
        with _refusing(self._path):
            self._next = next(self._packets, None)

    def _all_packets(self) -> Iterator[tuple[int, "AnyPacket"]]:
        """Each packet to send with its own time in milliseconds, over all rounds of a loop."""
        # Some containers count from anywhere; a broadcast counts from 0.
        shift = -Fraction(self._file.start_time or 0, _MICROSECONDS)
        while True:
            extent = _Extent(self._path)
            for packet, lane in self._round(extent):
                for ready in lane.take(packet, shift):
                    time = ready.dts if ready.dts is not None else ready.pts
                    if time is not None:
                        yield max(0, int(time * ready.time_base * 1000)), ready
            # A film without any length would be looped for ever within one step.
            if not self._settings.is_looped or extent.seconds <= 0:
                break
            shift += extent.seconds
            self._file.seek(0)
        for lane in self._lanes.values():
            for packet in lane.drain():
                yield 0, packet

    def _round(self, extent: "_Extent") -> Iterator[tuple["AnyPacket", Lane]]:
        """Every packet of the file, once, with its lane."""
        sources = [lane.source for lane in self._lanes.values()]
        for packet in cast("Iterator[AnyPacket]", self._file.demux(sources)):
            # The last one of each stream is empty, and tells a decoder that it is.
            if packet.size:
                extent.note(packet)
            yield packet, self._lanes[packet.stream_index]


class _Extent:
    """How long a file is: `seconds` of its longest stream, so that rounds do not overlap.

    Looked up in the packets, because what a container says of itself is often not so.
    """

    def __init__(self, path: Path) -> None:
        self.seconds = Fraction(0)
        self._path = path
        self._begins: dict[int, Fraction] = {}
        self._coded_until: dict[int, int] = {}
        self._untimed = 0

    def note(self, packet: "AnyPacket") -> None:
        """Refuses (`invalid`) files without time stamps, and such whose time goes back."""
        stamp = packet.pts if packet.pts is not None else packet.dts
        index = packet.stream_index
        if stamp is None:
            self._untimed += 1
            if self._untimed > _UNTIMED_MAX:
                raise self._refusal("it has no time stamps; put it into an MP4 or MKV file first")
            return
        at = stamp * packet.time_base
        if packet.dts is not None:
            if packet.dts < self._coded_until.get(index, packet.dts):
                raise self._refusal(f"its time stamps jump back after {float(self.seconds):.1f} s")
            self._coded_until[index] = packet.dts
        begin = self._begins[index] = min(at, self._begins.get(index, at))
        self.seconds = max(self.seconds, at - begin + _seconds_of(packet))

    def _refusal(self, reason: str) -> Refused:
        return Refused("invalid", f"{self._path} cannot be sent on: {reason}.")


def _seconds_of(packet: "AnyPacket") -> Fraction:
    """One frame of the stream's usual rate, where a container does not say more."""
    if packet.duration:
        return packet.duration * packet.time_base
    rate = getattr(packet.stream, "average_rate", None)
    return 1 / rate if rate else Fraction(0)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Turns FFmpeg's complaints into a sentence."""
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as failure:
        text = (failure.strerror or str(failure)).lower()
        raise Refused("invalid", f"{path} cannot be sent on: {text}.") from None


def _open(path: Path) -> "InputContainer":
    import av
    from av.error import FFmpegError

    try:
        # It may be anybody's file: a playlist would name others, here or on the network.
        return av.open(str(path.absolute()), "r", options=FILM_OPTIONS)
    except (FFmpegError, OSError) as failure:
        text = (failure.strerror or str(failure)).lower()
        raise Refused("invalid", f"{path} cannot be played: {text}.") from None
