"""PublishConfig: settings of the built-in publisher; LiveControls changes some while it runs."""

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
# The fields of `PublishConfig` that can be changed without a new connection.
LIVE_SETTINGS: Final = frozenset({"is_frozen", "is_silent", "video_kbits", "keyframe_seconds"})


class PublishConfig(Struct, frozen=True, kw_only=True):
    """The settings of one broadcast. Rates are in kbit/s.

    A `file` is sent instead of the test picture; the other settings then matter only if it must be
    transcoded. `is_frozen`: the picture stays at its first frame. `is_filled`: the unused rate of a
    quiet picture is filled up, as OBS does.
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
        """Refuse (`ValueError`, with a message) settings that no encoder here supports."""
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
            raise ValueError("A file is sent as it is: it can be neither frozen nor silent.")
        if self.width % 2 or self.height % 2:
            raise ValueError(f"Width and height must be even, not {self.width}x{self.height}.")


class Adjustable(Protocol):
    """A broadcast whose settings can be changed."""

    is_frozen: bool
    is_silent: bool
    video_kbits: int
    keyframe_seconds: float


class LiveControls:
    """Changes the settings of a running test picture: frozen, silent, another rate.

    Changes come from another thread than the broadcast's; each takes effect with the next frame.
    Changes from before the broadcast's start take effect at its start.
    """

    def __init__(self) -> None:
        self._broadcast: Adjustable | None = None
        self._values: dict[str, Any] = {}
        self._unread = b""

    def attach(self, broadcast: Adjustable) -> None:
        """Send the changes to this broadcast."""
        self._broadcast = broadcast
        self._apply(self._values)

    def receive(self, octets: bytes) -> None:
        """Take changes as they arrive: JSON objects, one per line.

        Raises `ValueError` for anything else: the sender is a process of the emulator.
        """
        *lines, self._unread = (self._unread + octets).split(b"\n")
        for line in lines:
            payload = json.loads(line)
            if not isinstance(payload, dict) or not payload.keys() <= LIVE_SETTINGS:
                raise ValueError(f"invalid change of settings: {line[:80]!r}")
            self._values |= payload
            self._apply(payload)

    def _apply(self, values: Mapping[str, Any]) -> None:
        if self._broadcast is not None:
            for name, value in values.items():
                setattr(self._broadcast, name, value)


def encode_changes(changes: Mapping[str, Any]) -> bytes:
    """Encode changes for `LiveControls.receive`."""
    return json.dumps(dict(changes)).encode() + b"\n"
