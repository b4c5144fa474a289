"""ClipQueue: cuts one world's clips and makes its VODs in other sizes.

For the event loop's thread. The work is done in threads, one clip and one VOD at a time for the
whole process, so that a clip of ten seconds does not wait for hours of another video.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.library import ClipCreated, ClipDeleted, RenditionQueued, VodDeleted
from emulator.media.recording.clips.sources import Sources
from emulator.media.recording.jobs import (
    JobContext,
    JobQueue,
    call_on_loop,
    change_with_retries,
    failure_of,
    run_in_thread,
)
from emulator.media.recording.uploads.progress import JobProgress
from emulator.world.library import clips, renditions

if TYPE_CHECKING:
    from emulator.media.recording.uploads.importing import Imported

log = logging.getLogger(__name__)


class ClipQueue(JobQueue):
    """Runs the jobs of one world's library, in their order."""

    def __init__(self, context: JobContext, sources: Sources) -> None:
        super().__init__(context)
        self._sources = sources
        # Jobs in progress, by the uid of the result.
        self._under_way: dict[str, JobProgress] = {}

    def handlers(self) -> Handlers:
        return {
            ClipCreated: self._on_clip_created,
            ClipDeleted: self._on_clip_deleted,
            RenditionQueued: self._on_rendition_queued,
            VodDeleted: self._on_vod_deleted,
        }

    def _on_clip_created(self, event: ClipCreated) -> None:
        self._start(self._cut(event.clip_id))

    def _on_rendition_queued(self, event: RenditionQueued) -> None:
        self._start(self._make(event.uid))

    def _on_clip_deleted(self, event: ClipDeleted) -> None:
        if not self._cancel(event.uid):
            self._remove([event.uid])

    def _on_vod_deleted(self, event: VodDeleted) -> None:
        for uid in event.uids:
            self._cancel(uid)

    async def recover(self, _: bool) -> None:
        """Cut the clips that the last process left, and fail its renditions.

        Callers request renditions again.
        """
        for clip in clips.unfinished(self._world):
            self._start(self._cut(clip.id))
        for rendition in renditions.unfinished(self._world):
            renditions.fail(self._world, rendition.uid, renditions.STOPPED)

    def _cancel(self, uid: str) -> bool:
        """Cancel a job in progress. Its files are removed once its thread has closed them."""
        progress = self._under_way.get(uid)
        if progress is not None:
            progress.cancel()
        return progress is not None

    async def _cut(self, clip_id: str) -> None:
        with suppress(Refused):  # If no more media comes, the media so far is used.
            await self._sources.wait_for(clips.find(self._world, clip_id))
        # The wait for its turn counts as work too, so that its time in the world does not depend on
        # the machine.
        with self._world.clock.working():
            await self._cut_in_turn(clip_id)

    async def _cut_in_turn(self, clip_id: str) -> None:
        async with self._slots.cuts:
            try:
                clip = clips.find(self._world, clip_id)
            except Refused:  # It was deleted before its turn came.
                return
            await self._guarded(
                clip.uid,
                self._cut_now(clip),
                lambda reason: clips.fail(self._world, clip_id, reason),
            )

    async def _cut_now(self, clip: clips.Clip) -> None:
        from emulator.media.recording.uploads.importing import cut

        footage, span = await self._sources.of_clip(clip)
        folder = self._media_store.folder(clip.uid)
        progress = self._under_way[clip.uid]
        at_ms = clip.created_at_ms
        # Remove the result of an attempt by a stopped process.
        await self._media_store.delete(clip.uid)
        imported = await run_in_thread(
            progress,
            cut,
            footage,
            span,
            folder,
            self._media_store.config.segment_ms,
            at_ms,
            progress,
        )
        finish = partial(clips.finish, self._world, clip.id, imported.duration_ms)
        await change_with_retries(self._world, finish)
        log.info("clip is ready clip=%s duration_ms=%d", clip.id, imported.duration_ms)

    async def _make(self, uid: str) -> None:
        async with self._slots.jobs:
            try:
                vod = await change_with_retries(
                    self._world, lambda: renditions.start(self._world, uid)
                )
            except Refused:  # Its VOD was deleted before its turn came.
                return
            await self._guarded(
                uid,
                self._make_now(uid, vod.media_uid)
                if vod.loop is None
                else self._show(uid, vod.media_uid),
                lambda reason: renditions.fail(self._world, uid, reason),
            )

    async def _make_now(self, uid: str, media_uid: str) -> None:
        from emulator.media.recording.uploads.importing import TargetFormat, process

        source = await self._recordings.mp4(media_uid)
        wanted = TargetFormat(height=renditions.find(self._world, uid).height)
        folder, progress = self._media_store.folder(uid), self._under_way[uid]
        segment_ms = self._media_store.config.segment_ms
        with self._world.clock.working():
            imported = await run_in_thread(
                progress, process, source, folder, wanted, segment_ms, self._world.now_ms, progress
            )
        size = (imported.width, imported.height)
        finish = partial(renditions.finish, self._world, uid, size, _bitrate(imported))
        await change_with_retries(self._world, finish)
        log.info("rendition is ready uid=%s height=%d", uid, imported.height)

    async def _show(self, uid: str, media_uid: str) -> None:
        """Make a size of a simulated recording, which is one picture in a loop."""
        height = renditions.find(self._world, uid).height
        with self._world.clock.working():
            quality = await self._sources.of_loop(media_uid, height)
        size = (quality.width, quality.height)
        finish = partial(renditions.finish, self._world, uid, size, quality.bitrate)
        await change_with_retries(self._world, finish)

    async def _guarded(
        self, uid: str, work: Coroutine[Any, Any, None], fail: Callable[[str], None]
    ) -> None:
        """Do the work; if it fails, record the reason and remove its files."""
        loop = asyncio.get_running_loop()
        note = partial(renditions.note_progress, self._world, uid)
        self._under_way[uid] = JobProgress(lambda percent, _: call_on_loop(loop, note, percent))
        try:
            reason = await failure_of(work, f"cut uid={uid}")
        finally:
            del self._under_way[uid]
        if reason:
            with suppress(Refused):  # It may have been deleted.
                await change_with_retries(self._world, lambda: fail(reason))
            if not self._context.is_kept(uid):
                await self._delete([uid])


def _bitrate(imported: "Imported") -> int:
    return round(imported.file_bytes * 8_000 / max(1, imported.duration_ms))
