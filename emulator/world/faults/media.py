"""Faults of playback: playlists that stand, media that is not there, cut or slow."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration, one_of, share, text, whole


class MediaFault(Fault, frozen=True, kw_only=True):
    """`stream` is a stream's id; its recording is meant too."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class MediaStall(MediaFault, frozen=True, kw_only=True):
    """Playlists stay as they were: nothing new comes, although the stream goes on.

    Pictures over WebRTC stand, too.
    """

    kind: ClassVar[str] = "media.stall"


class MediaMissing(MediaFault, frozen=True, kw_only=True):
    """What a playlist lists is not there: `what` is answered 404."""

    kind: ClassVar[str] = "media.missing"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: Annotated[str, Value("what", one_of("playlist", "init", "segment", "part"))] = ""


class MediaTruncate(MediaFault, frozen=True, kw_only=True):
    """Media files end too early: only so large a share of their bytes comes."""

    kind: ClassVar[str] = "media.truncate"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: Annotated[str, Value("what", one_of("init", "segment", "part"))] = ""
    share_sent: Annotated[float, Value("keep", share)] = 0.5


class MediaSlow(MediaFault, frozen=True, kw_only=True):
    """Media comes `delay` later, and no faster than so many kilobits a second (0: any)."""

    kind: ClassVar[str] = "media.slow"

    delay_ms: Annotated[int, Value("delay", duration)] = 0
    kbits: Annotated[int, Value("kbits", whole(0, 10_000_000))] = 500
