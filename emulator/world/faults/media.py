"""Faults of playback: playlists that do not change, media that is missing, cut or slow."""

from typing import Annotated, ClassVar

from emulator.world.faults.fault import Fault
from emulator.world.faults.values import Value, duration, one_of, share, text, whole


class MediaFault(Fault, frozen=True, kw_only=True):
    """A fault of playback. `stream` is a stream's id; it includes the stream's recording."""

    match_on: ClassVar[tuple[str, ...]] = ("stream",)

    stream: Annotated[str, Value("stream", text)] = ""


class MediaStall(MediaFault, frozen=True, kw_only=True):
    """Playlists stay as they were: nothing new is listed although the stream goes on.

    Pictures over WebRTC freeze too.
    """

    kind: ClassVar[str] = "media.stall"


class MediaMissing(MediaFault, frozen=True, kw_only=True):
    """Media that a playlist lists is missing: `what` is answered 404."""

    kind: ClassVar[str] = "media.missing"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: Annotated[str, Value("what", one_of("playlist", "init", "segment", "part"))] = ""


class MediaTruncate(MediaFault, frozen=True, kw_only=True):
    """Media files end too early: only the share `keep` of their bytes is sent."""

    kind: ClassVar[str] = "media.truncate"
    match_on: ClassVar[tuple[str, ...]] = ("stream", "what")

    what: Annotated[str, Value("what", one_of("init", "segment", "part"))] = ""
    share_sent: Annotated[float, Value("keep", share)] = 0.5


class MediaSlow(MediaFault, frozen=True, kw_only=True):
    """Media is `delay` late, and sent at no more than `kbits` kilobits a second (0: no limit)."""

    kind: ClassVar[str] = "media.slow"

    delay_ms: Annotated[int, Value("delay", duration)] = 0
    kbits: Annotated[int, Value("kbits", whole(0, 10_000_000))] = 500
