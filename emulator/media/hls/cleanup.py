"""MediaCleanup: removes a deleted stream's media from the disk, unless something still shows it."""

import asyncio
import logging
from collections.abc import Callable

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.live import RenditionDropped, StreamDeleted
from emulator.core.service import Service
from emulator.media.hls.store import MediaStore

log = logging.getLogger(__name__)


class MediaCleanup(Service):
    """Removes the media of one world's deleted streams.

    `is_shown` says whether a row, a snapshot or another world still refers to a CDN uid.
    """

    def __init__(
        self, media_store: MediaStore, tasks: asyncio.TaskGroup, is_shown: Callable[[str], bool]
    ) -> None:
        self._media_store = media_store
        self._tasks = tasks
        self._is_shown = is_shown

    def handlers(self) -> Handlers:
        return {
            StreamDeleted: self._on_stream_deleted,
            RenditionDropped: self._on_rendition_dropped,
        }

    def _on_stream_deleted(self, event: StreamDeleted) -> None:
        if not event.is_media_kept:
            self._tasks.create_task(self._remove(event.uid))

    def _on_rendition_dropped(self, event: RenditionDropped) -> None:
        self._tasks.create_task(self._remove(event.uid))

    async def _remove(self, uid: str) -> None:
        if self._is_shown(uid) or not self._media_store.has(uid):
            return
        try:
            await self._media_store.delete(uid)
        except Refused as refused:
            log.warning("media was not removed uid=%s reason=%s", uid, refused.message)
        except Exception:  # The root of a task: a failure here must not end other tasks.
            log.exception("media was not removed uid=%s", uid)
        else:
            log.info("media was removed uid=%s", uid)
