"""Events of video calls and of uploaded videos."""

from emulator.core.events import Event


class SessionCreated(Event, frozen=True, kw_only=True):
    session_id: str
    host_id: str


class SessionUpdated(Event, frozen=True, kw_only=True):
    session_id: str
    changed: tuple[str, ...]


class SessionStarted(Event, frozen=True, kw_only=True):
    """The first participant joined a session."""

    session_id: str


class SessionEnded(Event, frozen=True, kw_only=True):
    session_id: str


class ParticipantJoined(Event, frozen=True, kw_only=True):
    session_id: str
    participant_id: str
    user_id: str


class ParticipantLeft(Event, frozen=True, kw_only=True):
    """A participant left. `reason` is `left`, `removed`, `expired` or `ended`."""

    session_id: str
    participant_id: str
    reason: str


class ParticipantShown(Event, frozen=True, kw_only=True):
    """A participant changed what it sends: sound, a camera, a screen."""

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
    """A video can be watched under `uid`; published again when processing gave it a new `uid`."""

    video_id: str
    uid: str
    duration_ms: int


class VideoFailed(Event, frozen=True, kw_only=True):
    video_id: str
    reason: str


class VideoDeleted(Event, frozen=True, kw_only=True):
    """A video was deleted. `uids` name media that nothing else refers to now."""

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
    """An album's own fields were changed, or its list of videos."""

    album_id: str
    changed: tuple[str, ...]


class AlbumDeleted(Event, frozen=True, kw_only=True):
    album_id: str


class VideoJobQueued(Event, frozen=True, kw_only=True):
    """A job was queued. `kind` is `import` or `process`."""

    job_id: str
    video_id: str
    kind: str


class VideoJobStarted(Event, frozen=True, kw_only=True):
    job_id: str


class VideoJobFinished(Event, frozen=True, kw_only=True):
    """A job finished. `superseded` names media that its result replaced."""

    job_id: str
    superseded: tuple[str, ...]


class VideoJobFailed(Event, frozen=True, kw_only=True):
    job_id: str
    reason: str
