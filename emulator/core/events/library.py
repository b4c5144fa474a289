"""What happens to recordings, and to what is told of them, cut from them and made of them."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VodUploaded(Event):
    """It shows the media that `media_uid` names; it is processing until that is complete."""

    vod_id: str
    user_id: str
    media_uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VodUpdated(Event):
    vod_id: str
    changed: tuple[str, ...]


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
    """`uid` is the VOD's own. `uids` name media that no other fact speaks of any more."""

    vod_id: str
    uid: str
    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterAdded(Event):
    vod_id: str
    chapter_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterUpdated(Event):
    vod_id: str
    chapter_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChapterRemoved(Event):
    vod_id: str
    chapter_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaptersGenerated(Event):
    vod_id: str
    chapter_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailAdded(Event):
    vod_id: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionQueued(Event):
    vod_id: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionReady(Event):
    vod_id: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionFailed(Event):
    vod_id: str
    uid: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipCreated(Event):
    clip_id: str
    stream_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReady(Event):
    clip_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFailed(Event):
    clip_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDeleted(Event):
    """`uid` names its media."""

    clip_id: str
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentWritten(Event):
    """`part` is `blog`, `snippets` or `chapters`."""

    stream_id: str
    part: str
