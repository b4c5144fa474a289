"""WEBSITE_VIDEO and PROCESSING: videos as the platform's website reads them (contract, schemas).

The website's names are in camelCase, and they stay so.
"""

from typing import Literal, TypedDict

from emulator.shapes.addresses import Addresses
from emulator.shapes.times import iso, iso_or_none
from emulator.shapes.video import playlist_url, thumbnail_url
from emulator.world.video import engagement, jobs
from emulator.world.video.jobs import Job
from emulator.world.video.moves import JobStatus, VideoStatus
from emulator.world.video.videos import Video
from emulator.world.world import World

WebsiteStatus = Literal["uploading", "processing", "completed", "failed"]
# A video that needed no job also has a job's status.
_AS_A_JOB: dict[VideoStatus, JobStatus] = {
    "ready": "completed",
    "processing": "queued",
    "failed": "failed",
}


class WebsiteVideo(TypedDict):
    """`duration` is in seconds, `fileSize` in bytes, `resolution` such as `1280x720`."""

    id: str
    name: str
    originalName: str
    description: str | None
    status: WebsiteStatus
    format: str
    resolution: str
    duration: float
    fileSize: int
    thumbnailUrl: str | None
    videoUrl: str | None
    createdAt: str
    updatedAt: str
    processingProgress: int | None
    processingStage: str | None


class Processing(TypedDict):
    """`progress` is 0 to 100, `estimatedTimeRemaining` in seconds."""

    videoId: str
    status: JobStatus
    progress: int
    stage: str
    estimatedTimeRemaining: int | None
    error: str | None
    startedAt: str
    completedAt: str | None


class WebsiteAnalytics(TypedDict):
    """`averageWatchTime` is in seconds, `completionRate` 0 to 1, `engagementScore` 0 to 100."""

    views: int
    averageWatchTime: float
    completionRate: float
    engagementScore: float


def website_video(world: World, addresses: Addresses, video: Video) -> WebsiteVideo:
    job = jobs.latest(world, video)
    running = job if job is not None and not job.is_over else None
    return {
        "id": video.id,
        "name": video.title,
        "originalName": video.original_name,
        "description": video.description,
        "status": website_status(video),
        "format": video.form,
        "resolution": f"{video.width}x{video.height}" if video.width else "",
        "duration": video.duration_ms / 1000,
        "fileSize": video.file_bytes,
        "thumbnailUrl": thumbnail_url(addresses, video),
        "videoUrl": playlist_url(addresses, video),
        "createdAt": iso(video.created_at_ms),
        "updatedAt": iso(video.updated_at_ms),
        "processingProgress": running.progress_percent if running else None,
        "processingStage": running.stage if running else None,
    }


def website_status(video: Video) -> WebsiteStatus:
    """The website's name of a video's status; one that waits for its file is `uploading`."""
    if video.status == "processing":
        return "processing" if video.form else "uploading"
    return "completed" if video.status == "ready" else "failed"


def processing(world: World, video: Video) -> Processing:
    """The progress of a video's last job; complete for a video that needed no job."""
    job = jobs.latest(world, video)
    if job is not None:
        return processing_of(world, job)
    is_ready = video.status == "ready"
    return {
        "videoId": video.id,
        "status": _AS_A_JOB[video.status],
        "progress": 100 if is_ready else 0,
        "stage": "completed" if is_ready else "uploading",
        "estimatedTimeRemaining": None,
        "error": video.failure,
        "startedAt": iso(video.created_at_ms),
        "completedAt": iso(video.created_at_ms) if is_ready else None,
    }


def processing_of(world: World, job: Job) -> Processing:
    """A job's progress. While it waits, its start is the time at which it was requested."""
    return {
        "videoId": job.video_id,
        "status": job.status,
        "progress": job.progress_percent,
        "stage": job.stage,
        "estimatedTimeRemaining": _seconds_left(world, job),
        "error": job.error,
        "startedAt": iso(job.created_at_ms if job.started_at_ms is None else job.started_at_ms),
        "completedAt": iso_or_none(job.completed_at_ms),
    }


def website_analytics(world: World, video: Video) -> WebsiteAnalytics:
    figures = engagement.of(world, video)
    return {
        "views": figures.views,
        "averageWatchTime": figures.average_watch_seconds,
        "completionRate": figures.completion_rate,
        "engagementScore": figures.score,
    }


def _seconds_left(world: World, job: Job) -> int | None:
    """The seconds left, estimated from the part that is done; None before there is one."""
    if job.status != "processing" or job.started_at_ms is None or not job.progress_percent:
        return None
    spent_ms = world.now_ms - job.started_at_ms
    left_ms = spent_ms * (100 - job.progress_percent) / job.progress_percent
    return -(-round(left_ms) // 1000)
