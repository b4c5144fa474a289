"""What happens to recordings."""

from dataclasses import dataclass

from emulator.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class VodReady(Event):
    vod_id: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VodFailed(Event):
    vod_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VodDeleted(Event):
    """`uid` is the VOD's own."""

    vod_id: str
    uid: str
