"""Jobs: processing of a video's file by a thread, and its progress.

An `import` makes an uploaded file playable, a `process` makes other media of a video. `moves.py`
has the states; `media/recording/uploads` does the work.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.video import (
    VideoJobFailed,
    VideoJobFinished,
    VideoJobQueued,
    VideoJobStarted,
)
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.video import media, videos
from emulator.world.video.media import VideoFootage
from emulator.world.video.moves import JobStatus, check_job
from emulator.world.video.videos import Video
from emulator.world.world import World

Kind = Literal["import", "process"]
WAITING_MAX = 100
# The number of times that a job is begun if the process dies while it runs.
ATTEMPTS_MAX = 3
STOPPED = "The emulator stopped while this was being done. Try again."
POISONOUS = (
    f"The emulator stopped {ATTEMPTS_MAX} times while this was being done, so it is not tried"
    " again. Its log may say why."
)


class Job(Struct, frozen=True):
    """One job. `media_uid` is the uid of its result. `stage` is a description for users.

    `attempts` counts the times that it was begun and not given back in order.
    """

    pk: int
    id: str
    video_id: str
    kind: Kind
    media_uid: str
    options: Mapping[str, Any]
    status: JobStatus
    progress_percent: int
    stage: str
    error: str | None
    created_at_ms: int
    started_at_ms: int | None
    completed_at_ms: int | None
    attempts: int

    @property
    def is_over(self) -> bool:
        return self.status in {"completed", "failed"}


_SELECT = """
SELECT video_jobs.*, videos.id AS video_id FROM video_jobs
JOIN videos ON videos.row = video_jobs.video_row
"""


def upload(world: World, owner: User, patch: Mapping[str, Any], footage: VideoFootage) -> Video:
    """Create a video from an uploaded file, and queue the job that makes it playable.

    Refuses (`unavailable`) an upload while `WAITING_MAX` jobs wait.
    """
    check_room(world, 1)
    with world.change():
        video = videos.create(world, owner, patch, footage)
        _queue(world, video, "import", footage.uid, {}, None)
    return video


def process(
    world: World, chosen: Sequence[Video], options: Mapping[str, Any]
) -> tuple[str, list[Job]]:
    """Queue a `process` job for each of these videos. Returns the batch's id and its jobs.

    Refuses (`conflict`) a video that is not ready or is being processed, (`unavailable`) more jobs
    than may wait: then none is queued.
    """
    check_room(world, len(chosen))
    for video in chosen:
        if video.status != "ready":
            raise Refused("conflict", f"Video is {video.status}. Only a ready one is processed.")
        running = latest(world, video)
        if running is not None and not running.is_over:
            raise Refused("conflict", "This video is already being processed")
    batch_id = world.ids.uuid()
    with world.change():
        jobs = [
            _queue(world, video, "process", world.ids.uid(), options, batch_id) for video in chosen
        ]
    return batch_id, jobs


def check_room(world: World, count: int) -> None:
    """Refuse (`unavailable`) if more than `WAITING_MAX` jobs would wait with `count` more."""
    waiting = world.store.number("SELECT count(*) FROM video_jobs WHERE status = 'queued'")
    if waiting + count > WAITING_MAX:
        raise Refused(
            "unavailable",
            f"{waiting} videos are waiting to be processed. Try again later.",
            retry_after_seconds=10,
        )


def find(world: World, job_id: str) -> Job:
    """Return the job with this id. Refuses (`not_found`) one whose video was deleted."""
    row = world.store.row(f"{_SELECT} WHERE video_jobs.id = ?", job_id)
    if row is None:
        raise Refused("not_found", "Job not found")
    return _job(row)


def latest(world: World, video: Video) -> Job | None:
    """Return a video's newest job, or None."""
    row = world.store.row(
        f"{_SELECT} WHERE video_jobs.video_row = ? ORDER BY video_jobs.row DESC LIMIT 1", video.pk
    )
    return _job(row) if row else None


def unfinished(world: World) -> list[Job]:
    """Return the jobs that wait or run, oldest first."""
    rows = world.store.rows(
        f"{_SELECT} WHERE video_jobs.status IN ('queued', 'processing') ORDER BY video_jobs.row"
    )
    return [_job(row) for row in rows]


def start(world: World, job: Job) -> None:
    """Mark a job as running."""
    check_job(job.status, "processing")
    with world.change():
        world.store.write(
            "UPDATE video_jobs SET status = 'processing', started_at_ms = ?,"
            " attempts = attempts + 1 WHERE row = ?",
            world.now_ms,
            job.pk,
        )
        world.emit(VideoJobStarted(at_ms=world.now_ms, job_id=job.id))


def begin_again(world: World, job: Job, *, is_left: bool = False) -> None:
    """Queue a job again after its process has stopped.

    `is_left`: the process stopped in order, so this does not count as an attempt.
    """
    if job.status != "queued":
        check_job(job.status, "queued")
    with world.change():
        world.store.write(
            "UPDATE video_jobs SET status = 'queued', stage = 'queued', progress_percent = 0,"
            " attempts = attempts - ? WHERE row = ?",
            int(is_left and job.status == "processing"),
            job.pk,
        )


def note_progress(world: World, job: Job, percent: int, stage: str) -> None:
    """Record the progress of a running job. A job that is over stays as it is."""

    def write() -> None:
        world.store.write(
            "UPDATE video_jobs SET progress_percent = max(progress_percent, ?), stage = ?"
            " WHERE row = ? AND status = 'processing'",
            percent,
            stage,
            job.pk,
        )

    world.store.note(write)


def finish(
    world: World, job: Job, footage: VideoFootage | None, poster_ms: int | None = None
) -> None:
    """Complete a job: the video now shows this media, and its frame at `poster_ms` as picture."""
    check_job(job.status, "completed")
    video = videos.find(world, job.video_id)
    now_ms = world.now_ms
    with world.change():
        world.store.update(
            "video_jobs",
            job.pk,
            status="completed",
            progress_percent=100,
            stage="completed",
            completed_at_ms=now_ms,
        )
        superseded: list[str] = []
        if job.kind == "process" and footage is not None:
            media.add(world, video.pk, job.media_uid, is_source=False)
            superseded = media.replace(world, video.pk, job.media_uid)
        if footage is not None:
            videos.show(world, video, footage)
        if poster_ms is not None:
            videos.set_poster(world, video, poster_ms)
        world.emit(VideoJobFinished(at_ms=now_ms, job_id=job.id, superseded=tuple(superseded)))


def fail(world: World, job: Job, reason: str) -> None:
    """Mark a job as failed.

    A failed `import` fails the video too; otherwise the video stays as it is.
    """
    check_job(job.status, "failed")
    now_ms = world.now_ms
    with world.change():
        world.store.update(
            "video_jobs",
            job.pk,
            status="failed",
            stage="failed",
            error=reason,
            completed_at_ms=now_ms,
        )
        if job.kind == "import":
            videos.fail(world, videos.find(world, job.video_id), reason)
        world.emit(VideoJobFailed(at_ms=now_ms, job_id=job.id, reason=reason))


def _queue(
    world: World,
    video: Video,
    kind: Kind,
    media_uid: str,
    options: Mapping[str, Any],
    batch_id: str | None,
) -> Job:
    job_id = world.ids.uuid()
    world.store.insert(
        "video_jobs",
        id=job_id,
        batch_id=batch_id,
        video_row=video.pk,
        kind=kind,
        media_uid=media_uid,
        options=json.dumps(dict(options), sort_keys=True),
        created_at_ms=world.now_ms,
    )
    world.emit(VideoJobQueued(at_ms=world.now_ms, job_id=job_id, video_id=video.id, kind=kind))
    return find(world, job_id)


def _job(row: Row) -> Job:
    return read_row(Job, row, options=json.loads(row["options"]))
