"""PublishConfig: settings that no encoder here could use are refused by name, with the limit."""

from fractions import Fraction
from typing import Any

import pytest

from emulator.media.publisher.config import PublishConfig
from tests.support.tables import table


@table(
    ("wrong", "message"),
    [
        ({"width": 158}, "The width must be 160 to 4096, not 158."),
        ({"height": 4098}, "The height must be 90 to 4096, not 4098."),
        ({"width": 1279}, "Width and height must be even, not 1279x720."),
        ({"fps": Fraction(1, 2)}, "The frame rate must be 1 to 120, not 1/2."),
        ({"fps": Fraction(121)}, "The frame rate must be 1 to 120, not 121."),
        ({"video_kbits": 49}, "The bit rate in kbit/s must be 50 to 200000, not 49."),
        ({"audio_kbits": 1}, "The audio bit rate in kbit/s must be 32 to 512, not 1."),
        (
            {"keyframe_seconds": 0.0},
            "The key frame interval in seconds must be 0.1 to 60.0, not 0.0.",
        ),
        (
            {"keyframe_seconds": float("nan")},
            "The key frame interval in seconds must be 0.1 to 60.0, not nan.",
        ),
    ],
)
def test_publish_config_unencodable_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        PublishConfig(**wrong)


def test_publish_config_bounds_themselves_are_allowed() -> None:
    PublishConfig(width=160, height=90, fps=Fraction(1), video_kbits=50, keyframe_seconds=0.1)
    PublishConfig(width=4096, height=4096, fps=Fraction(120), video_kbits=200_000)
