"""ClipQueue: where one world's clips are cut and its VODs are made in other sizes.

For the event loop's thread. The work is done in threads, a clip at a time and a VOD at a time for
the whole process, so that nobody waits with ten seconds of film for hours of another's.
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
from emulator.media.recording.jobs import JobContext, JobQueue, finished, tell, tried, written
from emulator.media.recording.uploads.progress import JobProgress
from emulator.world.library import clips, renditions

if TYPE_CHECKING:
    from emulator.media.recording.uploads.importing import Imported

log = logging.getLogger(__name__)


class ClipQueue(JobQueue):
    """Does what the library of one world asks for, in its order."""

    def __init__(self, context: JobContext, sources: Sources) -> None:
        super().__init__(context)
        self._sources = sources
        # By the uid under which the result is to be found.
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
        """Clips that were not cut when the last process stopped are cut now; a size is asked for
        again by another caller."""
        for clip in clips.unfinished(self._world):
            self._start(self._cut(clip.id))
        for rendition in renditions.unfinished(self._world):
            renditions.fail(self._world, rendition.uid, renditions.STOPPED)

    def _cancel(self, uid: str) -> bool:
        """End what is being made. What a thread is writing is removed when it has let go of it."""
        watch = self._under_way.get(uid)
        if watch is not None:
            watch.cancel()
        return watch is not None

    async def _cut(self, clip_id: str) -> None:
        with suppress(Refused):  # Where nothing more comes, what there is will do.
            await self._sources.wait_for(clips.find(self._world, clip_id))
        # Also while it waits for its turn, so that its instant does not depend on the machine.
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
        watch = self._under_way[clip.uid]
        at_ms = clip.created_at_ms
        # A try that a stopped process left behind.
        await self._media_store.delete(clip.uid)
        imported = await finished(
            watch, cut, footage, span, folder, self._media_store.config.segment_ms, at_ms, watch
        )
        finish = partial(clips.finish, self._world, clip.id, imported.duration_ms)
        await written(self._world, finish)
        log.info("clip is ready clip=%s duration_ms=%d", clip.id, imported.duration_ms)

    async def _make(self, uid: str) -> None:
        async with self._slots.jobs:
            try:
                vod = await written(self._world, lambda: renditions.start(self._world, uid))
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
        folder, watch = self._media_store.folder(uid), self._under_way[uid]
        segment_ms = self._media_store.config.segment_ms
        with self._world.clock.working():
            imported = await finished(
                watch, process, source, folder, wanted, segment_ms, self._world.now_ms, watch
            )
        size = (imported.width, imported.height)
        finish = partial(renditions.finish, self._world, uid, size, _bitrate(imported))
        await written(self._world, finish)
        log.info("rendition is ready uid=%s height=%d", uid, imported.height)

    async def _show(self, uid: str, media_uid: str) -> None:
        """A simulated recording is its picture round after round, in every size."""
        height = renditions.find(self._world, uid).height
        with self._world.clock.working():
            quality = await self._sources.of_loop(media_uid, height)
        size = (quality.width, quality.height)
        finish = partial(renditions.finish, self._world, uid, size, quality.bitrate)
        await written(self._world, finish)

    async def _guarded(
        self, uid: str, work: Coroutine[Any, Any, None], fail: Callable[[str], None]
    ) -> None:
        """Do the work, or say why it could not be done; then nothing of it is left."""
        loop = asyncio.get_running_loop()
        note = partial(renditions.note_progress, self._world, uid)
        self._under_way[uid] = JobProgress(lambda percent, _: tell(loop, note, percent))
        try:
            reason = await tried(work, f"cut uid={uid}")
        finally:
            del self._under_way[uid]
        if reason:
            with suppress(Refused):  # It may be deleted: then nobody is left to be told.
                await written(self._world, lambda: fail(reason))
            if not self._context.is_kept(uid):
                await self._delete([uid])


def _bitrate(imported: "Imported") -> int:
    return round(imported.file_bytes * 8_000 / max(1, imported.duration_ms))
