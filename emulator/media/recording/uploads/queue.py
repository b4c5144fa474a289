"""UploadQueue: makes the videos of one world playable, one at a time for the whole process.

For the event loop's thread. The work is done in threads; its results go into the world.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from emulator import busy_files
from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.library import VodDeleted
from emulator.core.events.live import StreamDeleted
from emulator.core.events.video import (
    VideoDeleted,
    VideoJobFailed,
    VideoJobFinished,
    VideoJobQueued,
)
from emulator.media.hls.index import NAME as INDEX_NAME
from emulator.media.recording.jobs import (
    JobContext,
    JobQueue,
    call_on_loop,
    change_with_retries,
    failure_of,
    run_in_thread,
)
from emulator.media.recording.uploads.progress import JobProgress
from emulator.media.recording.uploads.upload import UPLOAD_NAME, receive
from emulator.world.video import jobs, media, videos
from emulator.world.video.jobs import Job
from emulator.world.video.media import VideoFootage
from emulator.world.world import World

# Not imported at start: only an upload needs these; the server loads them later.
if TYPE_CHECKING:
    from emulator.media.recording.uploads.importing import Imported
    from emulator.media.recording.uploads.probe import Probed

log = logging.getLogger(__name__)


class UploadQueue(JobQueue):
    """Runs the jobs of one world, in their order."""

    def __init__(self, context: JobContext) -> None:
        super().__init__(context)
        # The job in progress and the uid of its result, by its video: deleting the video cancels
        # it.
        self._under_way: dict[str, tuple[JobProgress, str]] = {}

    async def receive(self, file: BinaryIO, name: str) -> "tuple[str, Probed]":
        """Store an uploaded file under a new CDN uid, and return its properties.

        Refuses (`unsupported`) a file that is not a video, (`unavailable`) a full disk: then no
        part of it is stored.
        """
        from emulator.media.recording.uploads.probe import probe

        jobs.check_room(self._world, 1)
        self._media_store.check_room()
        uid = self._world.ids.uid()
        folder = self._media_store.folder(uid)
        try:
            async with self._slots.uploads:
                try:
                    path = await asyncio.to_thread(receive, file, folder)
                except OSError as error:
                    message = f"The upload could not be stored: {error.strerror}."
                    raise Refused("unavailable", message) from error
                return uid, await asyncio.to_thread(probe, path, name)
        except BaseException:
            await self._media_store.delete(uid)
            raise

    async def discard(self, uid: str) -> None:
        """Remove a received upload that is not wanted after all."""
        await self._media_store.delete(uid)

    def handlers(self) -> Handlers:
        return {
            VideoJobQueued: self._on_queued,
            VideoJobFinished: self._on_finished,
            VideoJobFailed: self._on_failed,
            VideoDeleted: self._on_video_deleted,
            VodDeleted: self._on_vod_deleted,
            StreamDeleted: self._on_stream_deleted,
        }

    def _on_queued(self, event: VideoJobQueued) -> None:
        self._start(self._do(event.job_id))

    def _on_finished(self, event: VideoJobFinished) -> None:
        self._remove(event.superseded)

    def _on_failed(self, event: VideoJobFailed) -> None:
        self._remove((jobs.find(self._world, event.job_id).media_uid,))

    def _on_video_deleted(self, event: VideoDeleted) -> None:
        uids = set(event.uids)
        if event.video_id in self._under_way:
            # The files that a thread is writing are removed once it has closed them.
            progress, media_uid = self._under_way[event.video_id]
            progress.cancel()
            uids.discard(media_uid)
        self._remove(uids)

    def _on_vod_deleted(self, event: VodDeleted) -> None:
        """Update videos that show deleted media.

        A VOD's media is removed here (see `MediaCleanup`).
        """
        for uid in (event.uid, *event.uids):
            videos.lose(self._world, uid)
        self._remove(event.uids)

    def _on_stream_deleted(self, event: StreamDeleted) -> None:
        videos.lose(self._world, event.uid)

    async def recover(self, _: bool) -> None:
        """Restart the jobs that were in progress when the last process stopped, from their uploads.

        A job whose upload is gone fails, and so does one that several processes died of.
        """
        for job in jobs.unfinished(self._world):
            log.info("a stopped emulator left a job behind job=%s", job.id)
            folder = self._media_store.folder(job.media_uid)
            if job.attempts >= jobs.ATTEMPTS_MAX:
                jobs.fail(self._world, job, jobs.POISONOUS)
            elif job.kind == "import" and not (folder / UPLOAD_NAME).exists():
                jobs.fail(self._world, job, jobs.STOPPED)
            else:
                if job.kind == "process":  # Its source is another recording.
                    await self._media_store.delete(job.media_uid)
                jobs.begin_again(self._world, job)
                self._start(self._do(job.id))

    async def _do(self, job_id: str) -> None:
        # A jumping clock stands still meanwhile, also while a job of another world is in progress.
        with self._world.clock.working():
            async with self._slots.jobs:
                try:
                    job = jobs.find(self._world, job_id)
                except Refused:  # Its video was deleted before its turn came.
                    return
                if job.status == "queued":
                    await self._do_now(job)

    async def _do_now(self, job: Job) -> None:
        await change_with_retries(self._world, partial(jobs.start, self._world, job))
        job = jobs.find(self._world, job.id)
        loop = asyncio.get_running_loop()
        progress = JobProgress(lambda *values: call_on_loop(loop, self._note, job, *values))
        self._under_way[job.video_id] = (progress, job.media_uid)
        try:
            reason = await failure_of(self._finish(job, progress), f"video job={job.id}")
        except asyncio.CancelledError:
            self._leave(job)
            raise
        finally:
            self._under_way.pop(job.video_id, None)
        if reason:
            await self._give_up(job, reason)

    def _leave(self, job: Job) -> None:
        """Put a job back, because this process stops properly: the attempt does not count."""
        with suppress(Refused):  # Its video was deleted, or the disk is full.
            jobs.begin_again(self._world, jobs.find(self._world, job.id), is_left=True)

    async def _finish(self, job: Job, progress: JobProgress) -> None:
        footage = await self._make(job, progress)
        poster_ms = await self._picture(job, footage)
        await change_with_retries(
            self._world,
            lambda: jobs.finish(self._world, jobs.find(self._world, job.id), footage, poster_ms),
        )
        if job.kind == "import":  # Only now: before this, the job could be restarted.
            path = self._media_store.folder(job.media_uid) / UPLOAD_NAME
            with suppress(OSError):  # The next start removes it.
                await asyncio.to_thread(busy_files.remove, path)
        log.info("video job done job=%s kind=%s", job.id, job.kind)

    async def _make(self, job: Job, progress: JobProgress) -> VideoFootage | None:
        """Make the video's new footage; None where only its picture changes."""
        from emulator.media.recording.uploads.importing import TargetFormat, import_upload, process

        video = videos.find(self._world, job.video_id)
        folder = self._media_store.folder(job.media_uid)
        times = (self._media_store.config.segment_ms, self._world.now_ms)
        if job.kind == "import":
            imported = await run_in_thread(progress, import_upload, folder, *times, progress)
            return _footage(job.media_uid, video.form, imported)
        values = {name: job.options[name] for name in _WANTED if name in job.options}
        if not values:
            return None
        wanted = TargetFormat(**values)
        source_uid = media.source_of(self._world, video.pk, video.uid)
        source = await self._recordings.mp4(media.media_uid_of(self._world, source_uid))
        imported = await run_in_thread(progress, process, source, folder, wanted, *times, progress)
        return _footage(job.media_uid, wanted.container, imported)

    async def _picture(self, job: Job, footage: VideoFootage | None) -> int | None:
        """Make the requested picture. Return its time, None where none was requested."""
        poster_ms = job.options.get("poster_ms")
        if poster_ms is None:
            return None
        video = videos.find(self._world, job.video_id)
        jobs.note_progress(self._world, job, 99, "thumbnail")
        uid = footage.uid if footage else media.media_uid_of(self._world, video.uid)
        await self._recordings.thumbnail(uid, time=f"{poster_ms / 1000:.3f}s")
        return int(poster_ms)

    async def _give_up(self, job: Job, reason: str) -> None:
        try:
            await change_with_retries(
                self._world,
                lambda: jobs.fail(self._world, jobs.find(self._world, job.id), reason),
            )
        except Refused:  # Its video was deleted: only its files are left.
            await self._delete((job.media_uid,))

    def _note(self, job: Job, percent: int, stage: str) -> None:
        jobs.note_progress(self._world, job, percent, stage)


_WANTED = ("container", "codec", "quality", "height", "size")


def sweep(root: Path, world: World) -> None:
    """Remove uploads that a killed process left, before the world does anything.

    Uploads that a job still has to make playable stay.
    """
    needed = {job.media_uid for job in jobs.unfinished(world)}
    for upload in root.glob(f"*/{UPLOAD_NAME}"):
        if upload.parent.name in needed:
            continue
        if (upload.parent / INDEX_NAME).exists():
            with suppress(OSError):
                busy_files.remove(upload)
        else:
            busy_files.remove_tree(upload.parent)


def _footage(uid: str, form: str, imported: "Imported") -> VideoFootage:
    return VideoFootage(
        uid=uid,
        form=form,
        width=imported.width,
        height=imported.height,
        duration_ms=imported.duration_ms,
        file_bytes=imported.file_bytes,
    )
