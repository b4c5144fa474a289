"""Events of streams and their publishers."""

from emulator.core.events import Event


class StreamCreated(Event, frozen=True, kw_only=True):
    stream_id: str
    user_id: str
    title: str


class StreamUpdated(Event, frozen=True, kw_only=True):
    stream_id: str
    changed: tuple[str, ...]


class StreamKeyRotated(Event, frozen=True, kw_only=True):
    """The old key opens nothing any more."""

    stream_id: str


class StreamDeleted(Event, frozen=True, kw_only=True):
    """`uid` names its media, which a VOD still shows if `is_media_kept`."""

    stream_id: str
    uid: str
    is_media_kept: bool


class StreamWentLive(Event, frozen=True, kw_only=True):
    stream_id: str
    has_media: bool


class StreamEnded(Event, frozen=True, kw_only=True):
    stream_id: str
    vod_id: str | None
    reason: str


class PublisherJoined(Event, frozen=True, kw_only=True):
    stream_id: str
    protocol: str
    is_return: bool


class PublisherLeft(Event, frozen=True, kw_only=True):
    stream_id: str
    reason: str


class PublishRefused(Event, frozen=True, kw_only=True):
    """`stream_id` is None where the key named no stream. The key itself is never kept."""

    stream_id: str | None
    code: str
    message: str


class CategoryMade(Event, frozen=True, kw_only=True):
    category_id: str
    slug: str


class RenditionBegan(Event, frozen=True, kw_only=True):
    """The stream is watched in another size, too."""

    stream_id: str
    uid: str
    name: str


class RenditionDropped(Event, frozen=True, kw_only=True):
    """It is made no more, and its media goes."""

    stream_id: str
    uid: str
    reason: str


class TargetAdded(Event, frozen=True, kw_only=True):
    """The stream is to be pushed on to another address, which is not told here."""

    stream_id: str
    target_id: str


class TargetRemoved(Event, frozen=True, kw_only=True):
    stream_id: str
    target_id: str


class TargetChanged(Event, frozen=True, kw_only=True):
    """`state` is `idle`, `connecting`, `live` or `waiting`; `reason` why the last attempt ended."""

    stream_id: str
    target_id: str
    state: str
    reason: str | None
