"""LoopFilm: a few seconds of a picture whose end joins its beginning.

Eight seconds are a whole number of frames at 30 a second and of AAC frames at 48,000 Hz (375), so
rounds follow each other without a hole in video or audio.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from emulator.core.clock import ManualClock
from emulator.media.hls.fmp4 import fragment, init_segment
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import Segmenter
from emulator.media.hls.segments import Init
from emulator.media.ingest.flv import FlvReader
from emulator.media.packets import Packet, VideoTrack
from emulator.media.publisher.config import PublishConfig
from emulator.media.sequencer import Sequencer
from emulator.media.ticks import TICKS_PER_SECOND

if TYPE_CHECKING:
    from av import VideoFrame

    from emulator.media.publisher.synthetic import Drawn
    from emulator.media.publisher.test_card.scene import Look

ROUND_SECONDS: Final = 8
# The interval of its key frames.
KEY_SECONDS: Final = 2
# The lowest tone of a channel.
_TONE_HERTZ: Final = 110
ROUND_TICKS: Final = ROUND_SECONDS * TICKS_PER_SECOND


class LoopFilm:
    """The parts of one round, and the same parts in any later round.

    Refuses (`ValueError`) parts that do not fill a round.
    """

    def __init__(self, parts: list[HlsPart]) -> None:
        self.parts = parts
        if not parts or parts[0].start != 0 or parts[-1].start + parts[-1].duration != ROUND_TICKS:
            raise ValueError("the parts of a loop must fill its round")

    @cached_property
    def init_content(self) -> bytes:
        return init_segment(self.parts[0].tracks)

    @cached_property
    def init(self) -> Init:
        tracks = self.parts[0].tracks
        video = next(track for track in tracks if isinstance(track, VideoTrack))
        return Init(
            number=0,
            codecs=",".join(track.codecs for track in tracks),
            width=video.width,
            height=video.height,
            length=len(self.init_content),
        )

    @cached_property
    def lengths(self) -> list[int]:
        """The length of each part in bytes, in any round."""
        return [len(self.content(number)) for number in range(len(self.parts))]

    @property
    def bits_per_second(self) -> int:
        """The average bit rate over a round."""
        return 8 * sum(self.lengths) // ROUND_SECONDS

    def part(self, number: int) -> HlsPart:
        """Return the part `number` of an endless stream of rounds, with that stream's times."""
        rounds, index = divmod(number, len(self.parts))
        part = self.parts[index]
        return replace(
            part,
            pictures=tuple(_later(packet, rounds) for packet in part.pictures),
            sounds=tuple(_later(packet, rounds) for packet in part.sounds),
            start=part.start + rounds * ROUND_TICKS,
            starts_discontinuity=False,
        )

    def start(self, number: int) -> int:
        """The start of the part `number` in ticks, without making it."""
        rounds, index = divmod(number, len(self.parts))
        return self.parts[index].start + rounds * ROUND_TICKS

    def duration(self, number: int) -> int:
        """The duration of the part `number` in ticks."""
        return self.parts[number % len(self.parts)].duration

    def content(self, number: int) -> bytes:
        """The `moof` and `mdat` of the part `number`."""
        return fragment(self.part(number), number)


def render(width: int, height: int, look: "Look | None" = None) -> LoopFilm:
    """Encode one round of this look, or of the test picture without one.

    Takes half a second to a second of one core: for threads.
    """
    # Imported late: it imports PyAV, which the server's start should not pay for.
    from emulator.media.publisher.synthetic import SyntheticBroadcast
    from emulator.media.publisher.test_card.sound import Sound

    # The clock in the picture runs with the film, not with the day, so that it repeats.
    clock = ManualClock(0)
    # Fewer lines need fewer bits, or a smaller size would save nothing; a scene needs half.
    kbits = max(80, (200 if look else 400) * height // 360)
    settings = PublishConfig(
        width=width, height=height, video_kbits=kbits, audio_kbits=64, is_filled=look is None
    )
    # One tone for each channel, and no beep.
    sound = Sound(_TONE_HERTZ + look.hue // 3, has_beep=False) if look else Sound()
    broadcast = SyntheticBroadcast(settings, clock, _picture(width, height, look), sound)
    reader, sequencer, segmenter = FlvReader(), Sequencer(), Segmenter()
    parts: list[HlsPart] = []

    frames = ROUND_SECONDS * int(settings.fps)
    for _ in range(frames + int(settings.fps)):
        clock.advance(max(0, broadcast.due_ms - clock.now_ms()))
        for tag in broadcast.step(broadcast.due_ms):
            packets = reader.read(tag)
            for sequenced in sequencer.push(packets, reader.tracks, clock.now_ms()):
                parts += segmenter.push(sequenced)
    broadcast.close()
    return LoopFilm(_one_round(parts))


def still(look: "Look | None", seconds: float, width: int, height: int) -> "VideoFrame":
    """Draw a film's picture at a position in its round, without encoding it first."""
    from emulator.media.publisher.test_card.picture import FrameMoment
    from emulator.media.publisher.test_card.sound import BEEP_MS

    at_ms = round(seconds * 1000)
    number = int(seconds * PublishConfig().fps)
    is_flash = at_ms % 1000 < BEEP_MS
    return _picture(width, height, look).draw(FrameMoment(number, at_ms, at_ms, is_flash))


def _picture(width: int, height: int, look: "Look | None") -> "Drawn":
    from emulator.media.publisher.test_card.picture import CardPicture
    from emulator.media.publisher.test_card.scene import Scene

    return Scene(width, height, look) if look else CardPicture(width, height, PublishConfig().name)


def _one_round(parts: list[HlsPart]) -> list[HlsPart]:
    """The parts of the first round, the last one with all packets that begin before its end."""
    hls_parts = [part for part in parts if part.start < ROUND_TICKS]
    last = hls_parts[-1]
    if last.start + last.duration != ROUND_TICKS:
        raise ValueError("the round must end at a part's end")
    pictures = [packet for part in parts for packet in part.pictures]
    sounds = [packet for part in parts for packet in part.sounds]
    return [
        replace(
            part,
            pictures=tuple(packet for packet in pictures if _is_inside(packet, part)),
            sounds=tuple(packet for packet in sounds if _is_inside(packet, part)),
            starts_discontinuity=part.start == 0,
        )
        for part in hls_parts
    ]


def _is_inside(packet: Packet, part: HlsPart) -> bool:
    at = packet.ticks
    return part.start <= at < part.start + part.duration


def _later(packet: Packet, rounds: int) -> Packet:
    shift = rounds * ROUND_SECONDS * packet.track.timescale
    return replace(packet, dts=packet.dts + shift, pts=packet.pts + shift)
