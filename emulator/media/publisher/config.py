"""PublishConfig: what the built-in publisher sends; Desk: what of it changes as it goes on."""

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Protocol

from msgspec import Struct

SIZE_MAX = 4096
FPS_MAX = 120
VIDEO_KBITS_MAX = 200_000
KEYFRAME_SECONDS_MAX = 60.0
# What can be changed without a new connection, by the names of `PublishConfig`.
ORDERS: Final = frozenset({"is_frozen", "is_silent", "video_kbits", "keyframe_seconds"})


class PublishConfig(Struct, frozen=True, kw_only=True):
    """Rates are in kbit/s. `file` is sent instead of the test picture; the rest then matters only
    where it must be transcoded. A picture that `is_frozen` stands at its first frame. What a quiet
    picture does not need of its rate is filled up, as OBS does, if it `is_filled`.
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
    is_frozen: bool = False
    is_silent: bool = False
    is_filled: bool = True

    def __post_init__(self) -> None:
        """Refuses (`ValueError`, with a sentence) what no encoder here could do."""
        for text, value, low, high in (
            ("width", self.width, 160, SIZE_MAX),
            ("height", self.height, 90, SIZE_MAX),
            ("frame rate", self.fps, 1, FPS_MAX),
            ("bit rate in kbit/s", self.video_kbits, 50, VIDEO_KBITS_MAX),
            ("audio bit rate in kbit/s", self.audio_kbits, 32, 512),
            ("key frame interval in seconds", self.keyframe_seconds, 0.1, KEYFRAME_SECONDS_MAX),
        ):
            if not low <= value <= high:
                raise ValueError(f"The {text} must be {low} to {high}, not {value}.")
        if self.file is not None and (self.is_frozen or self.is_silent):
            raise ValueError("A file is sent as it is: only the test picture stands or is silent.")
        if self.width % 2 or self.height % 2:
            raise ValueError(f"Width and height must be even, not {self.width}x{self.height}.")


class Steered(Protocol):
    """A broadcast that takes orders."""

    is_frozen: bool
    is_silent: bool
    video_kbits: int
    keyframe_seconds: float


class Desk:
    """Orders to a test picture that goes on: it stands, it is silent, it is of another rate.

    They come from another thread than the broadcast's; each holds from the next frame on. What was
    ordered before the broadcast began holds once it does.
    """

    def __init__(self) -> None:
        self._broadcast: Steered | None = None
        self._values: dict[str, Any] = {}
        self._rest = b""

    def sit(self, broadcast: Steered) -> None:
        """This broadcast takes the orders."""
        self._broadcast = broadcast
        self._obey(self._values)

    def hear(self, octets: bytes) -> None:
        """Take orders as they arrive: JSON objects, a line each.

        Raises `ValueError` for anything else: the writer is our own process.
        """
        *lines, self._rest = (self._rest + octets).split(b"\n")
        for line in lines:
            payload = json.loads(line)
            if not isinstance(payload, dict) or not payload.keys() <= ORDERS:
                raise ValueError(f"no order: {line[:80]!r}")
            self._values |= payload
            self._obey(payload)

    def _obey(self, values: Mapping[str, Any]) -> None:
        if self._broadcast is not None:
            for name, value in values.items():
                setattr(self._broadcast, name, value)


def written(orders: Mapping[str, Any]) -> bytes:
    """Orders as `hear` reads them."""
    return json.dumps(dict(orders)).encode() + b"\n"
