"""What happened. Facts, in the past tense; nothing here says what to do about them.

An event carries ids and values, never an object of the world, so that it can be journalled.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that is true from `at_ms` on (milliseconds since 1970 UTC, the world's clock)."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountMade(Event):
    user_id: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLoggedIn(Event):
    user_id: str


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
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VodReady(Event):
    vod_id: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VodFailed(Event):
    vod_id: str
    reason: str
