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
    """A stream got a new key; the old one is not accepted any more."""

    stream_id: str


class StreamDeleted(Event, frozen=True, kw_only=True):
    """A stream was deleted. `uid` names its media, which a VOD still shows if `is_media_kept`."""

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
    """A publisher was refused. `stream_id` is None for an unknown key; the key is not kept."""

    stream_id: str | None
    code: str
    message: str


class CategoryMade(Event, frozen=True, kw_only=True):
    category_id: str
    slug: str


class RenditionBegan(Event, frozen=True, kw_only=True):
    """A rendition of the stream in another size was started."""

    stream_id: str
    uid: str
    name: str


class RenditionDropped(Event, frozen=True, kw_only=True):
    """A rendition was stopped, and its media removed."""

    stream_id: str
    uid: str
    reason: str


class TargetAdded(Event, frozen=True, kw_only=True):
    """A simulcast target was added. Its address is not part of the event: it may hold a key."""

    stream_id: str
    target_id: str


class TargetRemoved(Event, frozen=True, kw_only=True):
    stream_id: str
    target_id: str


class TargetChanged(Event, frozen=True, kw_only=True):
    """A target's `state` is now `idle`, `connecting`, `live` or `waiting`.

    `reason` says why the last attempt ended.
    """

    stream_id: str
    target_id: str
    state: str
    reason: str | None
