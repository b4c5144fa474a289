"""What may go wrong with playback: playlists that stand, media that is not there, cut or slow."""

from typing import ClassVar

from emulator.core.values import dataclass
from emulator.world.faults.fault import Fault
from emulator.world.faults.values import duration, one_of, share, text, value, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFault(Fault):
    """`stream` is a stream's id; its recording is meant too."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: str = value("stream", text, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaStall(MediaFault):
    """Playlists stay as they were: nothing new comes, although the stream goes on.

    Pictures over WebRTC stand, too.
    """

    kind: ClassVar[str] = "media.stall"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaMissing(MediaFault):
    """What a playlist lists is not there: `what` is answered 404."""

    kind: ClassVar[str] = "media.missing"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: str = value("what", one_of("playlist", "init", "segment", "part"), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTruncate(MediaFault):
    """Media files end too early: only so large a share of their bytes comes."""

    kind: ClassVar[str] = "media.truncate"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: str = value("what", one_of("init", "segment", "part"), "")
    kept: float = value("keep", share, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSlow(MediaFault):
    """Media comes `delay` later, and no faster than so many kilobits a second (0: any)."""

    kind: ClassVar[str] = "media.slow"

    delay_ms: int = value("delay", duration, 0)
    kbits: int = value("kbits", whole(0, 10_000_000), 500)
