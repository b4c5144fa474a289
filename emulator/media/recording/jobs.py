"""JobQueue: where long work on media is done: in tasks that end with their world, and in threads.

For the event loop's thread.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field

from emulator.core.errors import Refused
from emulator.core.service import Service
from emulator.media.hls.store import MediaStore
from emulator.media.recording.recordings import Recordings
from emulator.media.recording.uploads.progress import JobProgress
from emulator.world.world import WRITE_RETRY_MS, World

if TYPE_CHECKING:
    from emulator.media.recording.uploads.importing import Imported

T = TypeVar("T")

log = logging.getLogger(__name__)

JOBS_MAX = 1
UPLOADS_MAX = 4


class JobSlots(Struct):
    """What all worlds share: how many jobs run at once, how many clips are cut, and how many
    uploads are looked at."""

    jobs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOBS_MAX))
    cuts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOBS_MAX))
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_MAX))


class JobContext(Struct):
    """What a world's queues work with.

    `is_kept` says of media whether somebody beside the world's facts still needs it.
    """

    world: World
    media_store: MediaStore
    recordings: Recordings
    tasks: asyncio.TaskGroup
    slots: JobSlots
    is_kept: Callable[[str], bool]


class JobQueue(Service):
    """What one world has under way: tasks that end with it."""

    def __init__(self, context: JobContext) -> None:
        self._world = context.world
        self._media_store = context.media_store
        self._recordings = context.recordings
        self._slots = context.slots
        self._context = context
        self._running: set[asyncio.Task[None]] = set()

    async def stop(self, _: str) -> None:
        """End what is under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let it go on beside everything else, until it ends or `stop` ends it."""
        task = self._context.tasks.create_task(_guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # One that is ended before its turn has never begun its work.
        task.add_done_callback(lambda _: work.close())

    def _remove(self, uids: Iterable[str]) -> None:
        """Let media go that nobody needs."""
        gone = sorted(uid for uid in uids if not self._context.is_kept(uid))
        if gone:
            self._start(self._delete(gone))

    async def _delete(self, uids: Iterable[str]) -> None:
        for uid in uids:
            self._recordings.forget(uid)
            if self._media_store.has(uid):
                try:
                    await self._media_store.delete(uid)
                except Refused as refused:
                    log.warning("media was not removed uid=%s reason=%s", uid, refused.message)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:  # A task's root: what goes wrong here stops nothing else.
        log.exception("work on media failed")


async def written(world: World, act: Callable[[], T]) -> T:
    """What `act` gives, which changes a world: now, or as soon as there is room on the disk."""
    while True:
        try:
            return act()
        except Refused as refused:
            if refused is not world.store.failure:
                raise
        is_due = asyncio.Event()
        world.clock.call_at(world.now_ms + WRITE_RETRY_MS, is_due.set)
        await is_due.wait()


async def tried(work: Awaitable[None], what: str) -> str:
    """Do the work. Returns why it could not be done, in a sentence for users; empty if it was.

    `what` names it in the log.
    """
    try:
        await work
    except Refused as refused:
        reason = refused.message
    except OSError as error:
        reason = f"Its files cannot be read or written: {error.strerror}."
    except Exception:  # A task's root: a failure concerns one film alone.
        log.exception("failed %s", what)
        return "It could not be done. The log says why."
    else:
        return ""
    log.info("given up %s reason=%s", what, reason)
    return reason


async def finished(watch: JobProgress, work: Any, *values: Any) -> "Imported":
    """What `work` gives in its thread. A cancelled caller cancels it and waits for its end."""
    running = asyncio.get_running_loop().run_in_executor(None, work, *values)
    try:
        imported: Imported = await asyncio.shield(running)
    except asyncio.CancelledError:
        watch.cancel()
        await asyncio.wait([running])
        # It was asked to give up, so its error is expected.
        running.exception()
        raise
    return imported


def tell(loop: asyncio.AbstractEventLoop, act: Callable[..., object], *values: object) -> None:
    """From a thread, let the loop do something small."""
    # The loop may be gone when the process stops; then nobody is left to be told.
    try:
        loop.call_soon_threadsafe(act, *values)
    except RuntimeError:
        return
