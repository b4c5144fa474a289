"""What happens to streams and to those who publish them."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCreated(Event):
    stream_id: str
    user_id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamUpdated(Event):
    stream_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamKeyRotated(Event):
    """The old key opens nothing any more."""

    stream_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamDeleted(Event):
    """`uid` names its media, which a VOD still shows if `is_media_kept`."""

    stream_id: str
    uid: str
    is_media_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamWentLive(Event):
    stream_id: str
    has_media: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnded(Event):
    stream_id: str
    vod_id: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherJoined(Event):
    stream_id: str
    protocol: str
    is_return: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherLeft(Event):
    stream_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRefused(Event):
    """`stream_id` is None where the key named no stream. The key itself is never kept."""

    stream_id: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMade(Event):
    category_id: str
    slug: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionBegan(Event):
    """The stream is watched in another size, too."""

    stream_id: str
    uid: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenditionDropped(Event):
    """It is made no more, and its media goes."""

    stream_id: str
    uid: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAdded(Event):
    """The stream is to be pushed on to another address, which is not told here."""

    stream_id: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRemoved(Event):
    stream_id: str
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChanged(Event):
    """`state` is `idle`, `connecting`, `live` or `waiting`; `reason` why the last attempt ended."""

    stream_id: str
    target_id: str
    state: str
    reason: str | None
