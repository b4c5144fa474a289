"""Events of video calls and of uploaded videos."""

from emulator.core.events import Event


class SessionCreated(Event, frozen=True, kw_only=True):
    session_id: str
    host_id: str


class SessionUpdated(Event, frozen=True, kw_only=True):
    session_id: str
    changed: tuple[str, ...]


class SessionStarted(Event, frozen=True, kw_only=True):
    """Its first participant is in."""

    session_id: str


class SessionEnded(Event, frozen=True, kw_only=True):
    session_id: str


class ParticipantJoined(Event, frozen=True, kw_only=True):
    session_id: str
    participant_id: str
    user_id: str


class ParticipantLeft(Event, frozen=True, kw_only=True):
    """`reason` is `left`, `removed`, `expired` or `ended`."""

    session_id: str
    participant_id: str
    reason: str


class ParticipantShown(Event, frozen=True, kw_only=True):
    """What a participant sends now: sound, a camera, a screen."""

    session_id: str
    participant_id: str
    audio: bool
    video: bool
    screen: bool


class VideoCreated(Event, frozen=True, kw_only=True):
    video_id: str
    user_id: str
    title: str


class VideoUpdated(Event, frozen=True, kw_only=True):
    video_id: str
    changed: tuple[str, ...]


class VideoReady(Event, frozen=True, kw_only=True):
    """It can be watched under `uid`; also when that is new because the video was processed."""

    video_id: str
    uid: str
    duration_ms: int


class VideoFailed(Event, frozen=True, kw_only=True):
    video_id: str
    reason: str


class VideoDeleted(Event, frozen=True, kw_only=True):
    """`uids` name media that no other fact speaks of any more."""

    video_id: str
    uids: tuple[str, ...]


class VideoViewed(Event, frozen=True, kw_only=True):
    video_id: str
    user_id: str | None
    watch_ms: int


class VideoLiked(Event, frozen=True, kw_only=True):
    video_id: str
    user_id: str


class VideoUnliked(Event, frozen=True, kw_only=True):
    video_id: str
    user_id: str


class AnnotationAdded(Event, frozen=True, kw_only=True):
    video_id: str
    annotation_id: str


class AnnotationRemoved(Event, frozen=True, kw_only=True):
    video_id: str
    annotation_id: str


class AlbumCreated(Event, frozen=True, kw_only=True):
    album_id: str
    user_id: str


class AlbumChanged(Event, frozen=True, kw_only=True):
    """What it says of itself, or which videos are in it."""

    album_id: str
    changed: tuple[str, ...]


class AlbumDeleted(Event, frozen=True, kw_only=True):
    album_id: str


class VideoJobQueued(Event, frozen=True, kw_only=True):
    """`kind` is `import` or `process`."""

    job_id: str
    video_id: str
    kind: str


class VideoJobStarted(Event, frozen=True, kw_only=True):
    job_id: str


class VideoJobFinished(Event, frozen=True, kw_only=True):
    """`superseded` names media that the result took the place of."""

    job_id: str
    superseded: tuple[str, ...]


class VideoJobFailed(Event, frozen=True, kw_only=True):
    job_id: str
    reason: str
