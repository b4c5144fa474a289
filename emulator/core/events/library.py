"""Events of recordings, and of the texts, clips and sizes made of them."""

from emulator.core.events import Event


class VodUploaded(Event, frozen=True, kw_only=True):
    """A VOD was made. It shows the media `media_uid` and is `processing` until that is whole."""

    vod_id: str
    user_id: str
    media_uid: str


class VodUpdated(Event, frozen=True, kw_only=True):
    vod_id: str
    changed: tuple[str, ...]


class VodReady(Event, frozen=True, kw_only=True):
    vod_id: str
    duration_ms: int


class VodFailed(Event, frozen=True, kw_only=True):
    vod_id: str
    reason: str


class VodDeleted(Event, frozen=True, kw_only=True):
    """A VOD was deleted. `uid` is its own; `uids` name media that nothing else refers to now."""

    vod_id: str
    uid: str
    uids: tuple[str, ...]


class ChapterAdded(Event, frozen=True, kw_only=True):
    vod_id: str
    chapter_id: str


class ChapterUpdated(Event, frozen=True, kw_only=True):
    vod_id: str
    chapter_id: str
    changed: tuple[str, ...]


class ChapterRemoved(Event, frozen=True, kw_only=True):
    vod_id: str
    chapter_id: str


class ChaptersGenerated(Event, frozen=True, kw_only=True):
    vod_id: str
    chapter_ids: tuple[str, ...]


class ThumbnailAdded(Event, frozen=True, kw_only=True):
    vod_id: str
    uid: str


class RenditionQueued(Event, frozen=True, kw_only=True):
    vod_id: str
    uid: str


class RenditionReady(Event, frozen=True, kw_only=True):
    vod_id: str
    uid: str


class RenditionFailed(Event, frozen=True, kw_only=True):
    vod_id: str
    uid: str
    reason: str


class ClipCreated(Event, frozen=True, kw_only=True):
    clip_id: str
    stream_id: str
    user_id: str


class ClipReady(Event, frozen=True, kw_only=True):
    clip_id: str


class ClipFailed(Event, frozen=True, kw_only=True):
    clip_id: str
    reason: str


class ClipDeleted(Event, frozen=True, kw_only=True):
    """A clip was deleted. `uid` names its media."""

    clip_id: str
    uid: str


class ContentWritten(Event, frozen=True, kw_only=True):
    """Texts were generated for a stream. `part` is `blog`, `snippets` or `chapters`."""

    stream_id: str
    part: str
