"""Events of recordings, and of the texts, clips and sizes made of them."""

from emulator.core.events import Event


class VodUploaded(Event, frozen=True, kw_only=True):
    """It shows the media that `media_uid` names; it is processing until that is complete."""

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
    """`uid` is the VOD's own. `uids` name media that no other fact speaks of any more."""

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
    """`uid` names its media."""

    clip_id: str
    uid: str


class ContentWritten(Event, frozen=True, kw_only=True):
    """`part` is `blog`, `snippets` or `chapters`."""

    stream_id: str
    part: str
