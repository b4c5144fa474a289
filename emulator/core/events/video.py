"""What happens to video calls and to uploaded videos."""

from emulator.core.events import Event
from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated(Event):
    session_id: str
    host_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUpdated(Event):
    session_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted(Event):
    """Its first participant is in."""

    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined(Event):
    session_id: str
    participant_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft(Event):
    """`reason` is `left`, `removed`, `expired` or `ended`."""

    session_id: str
    participant_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantShown(Event):
    """What a participant sends now: sound, a camera, a screen."""

    session_id: str
    participant_id: str
    audio: bool
    video: bool
    screen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoCreated(Event):
    video_id: str
    user_id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUpdated(Event):
    video_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoReady(Event):
    """It can be watched under `uid`; also when that is new because the video was processed."""

    video_id: str
    uid: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFailed(Event):
    video_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDeleted(Event):
    """`uids` name media that no other fact speaks of any more."""

    video_id: str
    uids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoViewed(Event):
    video_id: str
    user_id: str | None
    watch_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLiked(Event):
    video_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUnliked(Event):
    video_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationAdded(Event):
    video_id: str
    annotation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationRemoved(Event):
    video_id: str
    annotation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumCreated(Event):
    album_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumChanged(Event):
    """What it says of itself, or which videos are in it."""

    album_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbumDeleted(Event):
    album_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoJobQueued(Event):
    """`kind` is `import` or `process`."""

    job_id: str
    video_id: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoJobStarted(Event):
    job_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoJobFinished(Event):
    """`superseded` names media that the result took the place of."""

    job_id: str
    superseded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoJobFailed(Event):
    job_id: str
    reason: str
