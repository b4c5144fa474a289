"""JobQueue: runs long work on media, in tasks that end with their world, and in threads.

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
    """The limits that all worlds share: jobs, cuts of clips, and checks of uploads at once."""

    jobs: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOBS_MAX))
    cuts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOBS_MAX))
    uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UPLOADS_MAX))


class JobContext(Struct):
    """The objects that a world's queues work with.

    `is_kept` says whether media is still needed by anybody other than the world's own rows.
    """

    world: World
    media_store: MediaStore
    recordings: Recordings
    tasks: asyncio.TaskGroup
    slots: JobSlots
    is_kept: Callable[[str], bool]


class JobQueue(Service):
    """The tasks of one world, which end with it."""

    def __init__(self, context: JobContext) -> None:
        self._world = context.world
        self._media_store = context.media_store
        self._recordings = context.recordings
        self._slots = context.slots
        self._context = context
        self._running: set[asyncio.Task[None]] = set()

    async def stop(self, _: str) -> None:
        """Cancel all tasks."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start the work as a task, which runs until it ends or `stop` cancels it."""
        task = self._context.tasks.create_task(_guarded(work))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        # A task that is cancelled before its turn has never started its work.
        task.add_done_callback(lambda _: work.close())

    def _remove(self, uids: Iterable[str]) -> None:
        """Remove the media that is not needed any more."""
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
    except Exception:  # The root of a task: a failure here must not end other tasks.
        log.exception("work on media failed")


async def change_with_retries(world: World, change: Callable[[], T]) -> T:
    """Make a change of the world and return its result, with retries while the disk is full."""
    while True:
        try:
            return change()
        except Refused as refused:
            if refused is not world.store.failure:
                raise
        is_due = asyncio.Event()
        world.clock.call_at(world.now_ms + WRITE_RETRY_MS, is_due.set)
        await is_due.wait()


async def failure_of(work: Awaitable[None], what: str) -> str:
    """Do the work; return the reason if it failed, in a sentence for users, else an empty string.

    `what` names the work in the log.
    """
    try:
        await work
    except Refused as refused:
        reason = refused.message
    except OSError as error:
        reason = f"Its files could not be read or written: {error.strerror}."
    except Exception:  # The root of a task: a failure concerns one video alone.
        log.exception("failed %s", what)
        return "An internal error occurred: see the emulator's log."
    else:
        return ""
    log.info("failed %s reason=%s", what, reason)
    return reason


async def run_in_thread(progress: JobProgress, work: Any, *values: Any) -> "Imported":
    """Run `work` in a thread. A cancelled caller cancels it and waits for its end."""
    running = asyncio.get_running_loop().run_in_executor(None, work, *values)
    try:
        imported: Imported = await asyncio.shield(running)
    except asyncio.CancelledError:
        progress.cancel()
        await asyncio.wait([running])
        # The work was cancelled, so its error is expected.
        running.exception()
        raise
    return imported


def call_on_loop(
    loop: asyncio.AbstractEventLoop, call: Callable[..., object], *values: object
) -> None:
    """Call a small function on the loop, from a thread."""
    # The loop may be closed when the process stops; then nobody waits for the call.
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        return
