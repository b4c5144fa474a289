"""SyntheticBroadcast: the test picture and sound, encoded when they are due.

Like a camera it never catches up: media that a stalled machine missed is skipped, and timestamps
stay right.
"""

from typing import TYPE_CHECKING, Final, Protocol

from emulator.core.clock import Clock
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.encoders import add_audio, add_test_picture, open_test_picture
from emulator.media.publisher.flv_tap import FlvTap, open_muxer
from emulator.media.publisher.test_card.picture import CardPicture, FrameMoment
from emulator.media.publisher.test_card.sound import BEEP_MS, FRAME_SAMPLES, SAMPLE_RATE, Sound

if TYPE_CHECKING:
    from av import VideoFrame

# Audio is encoded this much before the picture that it belongs to: the muxer holds each packet
# until it has one of the other kind, and in this way the picture never waits.
_SOUND_AHEAD_MS: Final = 64


class Drawn(Protocol):
    """An object that draws the frames."""

    def draw(self, moment: FrameMoment) -> "VideoFrame": ...


class SyntheticBroadcast:
    """Sends a test picture frame by frame: wait until `due_ms`, then call `step`.

    `is_frozen` (the picture stands), `is_silent`, `video_kbits` and `keyframe_seconds` may be set
    at any time, and count from the next frame on.
    """

    def __init__(
        self,
        settings: PublishConfig,
        clock: Clock,
        picture: Drawn | None = None,
        sound: Sound | None = None,
    ) -> None:
        """Set up a broadcast, with the test picture and its beep where no others are passed."""
        self.is_frozen = settings.is_frozen
        self.is_silent = settings.is_silent
        self.video_kbits = settings.video_kbits
        self.keyframe_seconds = settings.keyframe_seconds
        self._settings = settings
        self._clock = clock
        self._picture = picture or CardPicture(settings.width, settings.height, settings.name)
        self._sound = sound or Sound()
        self._tap = FlvTap()
        self._container = open_muxer(self._tap)
        self._video = add_test_picture(self._container, settings)
        self._audio = add_audio(self._container, settings)
        self._encoder = self._video.codec_context
        self._encoder_kbits = settings.video_kbits
        self._frame_number = 0
        self._key_frame_due = 0
        self._sample = 0
        self._shown: VideoFrame | None = None

    @property
    def due_ms(self) -> int:
        """The time of the next frame, in milliseconds since the first."""
        return self._frame_ms(self._frame_number)

    def step(self, elapsed_ms: int) -> list[Tag]:
        """Make one frame and the audio that belongs to it; `elapsed_ms` is the real time.

        One frame may be late. Frames before it are skipped, and so is their audio.
        """
        self._frame_number = max(self._frame_number, self._frame_at(elapsed_ms) - 1)
        self._encode_sound()
        self._encode_frame()
        self._frame_number += 1
        return self._tap.take()

    def close(self) -> list[Tag]:
        """The tags that end the stream."""
        for stream in (self._audio, self._video):
            if stream.codec_context.is_open:
                self._container.mux(stream.encode(None))
        self._container.close()
        return self._tap.take()

    def _frame_at(self, elapsed_ms: int) -> int:
        return int(elapsed_ms * self._settings.fps / 1000)

    def _frame_ms(self, frame_number: int) -> int:
        # This is rounded up, so that `_frame_at` of this time is this frame, not the one before.
        return -int(-frame_number * 1000 // self._settings.fps)

    def _encode_sound(self) -> None:
        until = (self._frame_ms(self._frame_number) + _SOUND_AHEAD_MS) * SAMPLE_RATE // 1000
        missing = until - self._sample
        if missing > SAMPLE_RATE // 2:
            # After a short wait the missing audio is made, so that there is no hole; a longer stall
            # is skipped.
            self._sample += (missing // FRAME_SAMPLES - 4) * FRAME_SAMPLES
        while self._sample < until:
            frame = self._sound.frame(self._sample, self.is_silent)
            self._container.mux(self._audio.encode(frame))
            self._sample += FRAME_SAMPLES

    def _encode_frame(self) -> None:
        from av.video.frame import PictureType

        frame = self._frame()
        frame.pts = self._frame_number
        frame.time_base = 1 / self._settings.fps
        if self._frame_number >= self._key_frame_due:
            frame.pict_type = PictureType.I
            distance = max(1, round(self.keyframe_seconds * self._settings.fps))
            self._key_frame_due = self._frame_number + distance
        else:
            frame.pict_type = PictureType.NONE
        for packet in self._encoder.encode(frame):
            packet.stream = self._video
            self._container.mux(packet)

    def _frame(self) -> "VideoFrame":
        if self.video_kbits != self._encoder_kbits:
            # x264 keeps its buffer model when only the rate changes; a new encoder starts without
            # it.
            self._encoder_kbits = self.video_kbits
            self._encoder = open_test_picture(self._settings, self.video_kbits)
            self._key_frame_due = 0
        if self._shown is None or not self.is_frozen:
            media_ms = self._frame_ms(self._frame_number)
            is_flash = media_ms % 1000 < BEEP_MS
            moment = FrameMoment(self._frame_number, media_ms, self._clock.now_ms(), is_flash)
            self._shown = self._picture.draw(moment)
        return self._shown
