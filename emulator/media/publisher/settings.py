"""PublishSettings: what the built-in publisher sends."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

SIZE_MAX = 4096
FPS_MAX = 120
VIDEO_KBITS_MAX = 200_000
KEYFRAME_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSettings:
    """Rates are in kbit/s. `file` is sent instead of the test picture; the rest then matters only
    where it must be transcoded.
    """

    width: int = 1280
    height: int = 720
    fps: Fraction = Fraction(30)
    video_kbits: int = 2500
    audio_kbits: int = 128
    keyframe_seconds: float = 2.0
    name: str = "live-emulator"
    file: Path | None = None
    is_looped: bool = False

    def __post_init__(self) -> None:
        """Refuses (`ValueError`, with a sentence) what no encoder here could do."""
        for told, value, low, high in (
            ("width", self.width, 160, SIZE_MAX),
            ("height", self.height, 90, SIZE_MAX),
            ("frame rate", self.fps, 1, FPS_MAX),
            ("bit rate in kbit/s", self.video_kbits, 50, VIDEO_KBITS_MAX),
            ("audio bit rate in kbit/s", self.audio_kbits, 32, 512),
            ("key frame interval in seconds", self.keyframe_seconds, 0.1, KEYFRAME_SECONDS_MAX),
        ):
            if not low <= value <= high:
                raise ValueError(f"The {told} must be {low} to {high}, not {value}.")
        if self.width % 2 or self.height % 2:
            raise ValueError(f"Width and height must be even, not {self.width}x{self.height}.")
