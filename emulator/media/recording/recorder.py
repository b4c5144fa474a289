"""Recorder: finishes the files of an ended stream, and makes its VOD ready.

A recording needs no copy: the live segments are the VOD. Streams that were live when the process
was killed are recovered at the next start. An uploaded VOD shows media that exists, or waits for
it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from emulator.core.bus import Handlers
from emulator.core.errors import Refused
from emulator.core.events.library import VodDeleted, VodUploaded
from emulator.core.events.live import StreamEnded
from emulator.core.events.video import VideoDeleted, VideoFailed, VideoReady
from emulator.core.service import Service
from emulator.media.hls.store import MediaStore
from emulator.media.hls.window import Window
from emulator.media.recording.jobs import change_with_retries
from emulator.media.recording.recordings import Recordings
from emulator.media.recording.recovery import recover
from emulator.media.recording.simulated.loops import HEIGHT, WIDTH, showing
from emulator.media.ticks import TICKS_PER_MS
from emulator.world.faults.vod import VodFail, VodSlow
from emulator.world.library import posts, renditions
from emulator.world.library import recordings as vods
from emulator.world.library.recordings import Quality, Vod
from emulator.world.live import renditions as live_renditions
from emulator.world.live import streams, synthetic
from emulator.world.live.streams import Stream
from emulator.world.video import videos
from emulator.world.video.videos import Video
from emulator.world.world import World

log = logging.getLogger(__name__)

# The quality of a simulated stream's picture (media/recording/simulated/film).
SIMULATED_QUALITIES = (Quality(f"{HEIGHT}p", WIDTH, HEIGHT, 500_000),)


class Recorder(Service):
    """Makes the VODs of one world."""

    def __init__(
        self,
        world: World,
        media_store: MediaStore,
        recordings: Recordings,
        tasks: asyncio.TaskGroup,
        is_awaited: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Set up the recorder.

        `is_awaited` says whether a live stream's publisher may come back.
        """
        self._world = world
        self._media_store = media_store
        self._recordings = recordings
        self._tasks = tasks
        self._is_awaited = is_awaited
        self._running: dict[str, asyncio.Task[None]] = {}

    def handlers(self) -> Handlers:
        return {
            StreamEnded: self._on_vod,
            VodUploaded: self._on_vod,
            VodDeleted: self._on_vod_deleted,
            # A VOD of a video waits for that video, which may also fail.
            VideoReady: self._start_waiting,
            VideoFailed: self._start_waiting,
            VideoDeleted: self._start_waiting,
        }

    def _on_vod(self, event: StreamEnded | VodUploaded) -> None:
        """Process the VOD of an ended stream that had media, or of an upload."""
        if event.vod_id is not None:
            self._start(event.vod_id)

    def _on_vod_deleted(self, event: VodDeleted) -> None:
        if event.vod_id in self._running:
            self._running.pop(event.vod_id).cancel()

    async def recover(self, _: bool) -> None:
        """End streams that a killed process left live, and finish its unfinished VODs.

        A stream that was live without media just ends: its publisher, if any, is gone too.
        """
        synthetic.end_abandoned(self._world)
        left = vods.unfinished(self._world)
        for stream in streams.live(self._world):
            if stream.is_simulated or self._is_awaited(stream.id):
                continue  # A simulated stream cannot lose its publisher.
            ended_ms = self._world.now_ms
            if stream.has_media:
                ended_ms = await self._last_media_ms(stream) or ended_ms
            streams.end_when_media_stopped(
                self._world, stream.id, ended_ms, "the emulator stopped while it was live"
            )
            log.info("ended a stream that a stopped emulator left live stream=%s", stream.id)
        for vod in left:
            self._start(vod.id)

    async def stop(self, _: str) -> None:
        """Leave unfinished VODs to the next start; their files are complete by then."""
        running = tuple(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _start_waiting(self, _: VideoReady | VideoFailed | VideoDeleted) -> None:
        for vod in vods.unfinished(self._world):
            running = self._running.get(vod.id)
            if vod.video_uid is not None and (running is None or running.done()):
                self._start(vod.id)

    def _start(self, vod_id: str) -> None:
        task = self._tasks.create_task(self._finish(vod_id))
        self._running[vod_id] = task
        task.add_done_callback(lambda done: self._forget(vod_id, done))

    def _forget(self, vod_id: str, done: asyncio.Task[None]) -> None:
        if self._running.get(vod_id) is done:
            del self._running[vod_id]

    async def _finish(self, vod_id: str) -> None:
        vod = vods.find(self._world, vod_id)
        try:
            await self._process(vod)
        except Refused as refused:
            await self._give_up(vod, refused.message)
            log.warning("vod failed vod=%s reason=%s", vod_id, refused.message)
        except Exception:  # The root of a task: a failure concerns one VOD alone.
            log.exception("vod failed vod=%s", vod_id)
            await self._give_up(vod, "Its files could not be read.")

    async def _give_up(self, vod: Vod, reason: str) -> None:
        def give_up() -> None:
            with self._world.change():
                vods.give_up(self._world, vod, reason)
                self._drop_renditions(vod)

        try:
            await change_with_retries(self._world, give_up)
        except Exception:  # The root of a task can only log this.
            log.exception("vod could not be given up vod=%s", vod.id)

    async def _process(self, vod: Vod) -> None:
        due_ms = vod.created_at_ms + self._world.rules.vod_processing_ms
        if self._world.faults.are_on:
            due_ms += await self._interfere(vod, due_ms)
        if vod.loop is not None:
            # It has no files: its recording is the built-in picture, as long as it ran.
            await self._until(due_ms)
            length_ms = showing(self._world, vod.loop).duration_ms
            await self._ready(vod, length_ms, SIMULATED_QUALITIES)
            return
        uid = vod.media_uid
        if videos.by_uid(self._world, uid) is not None:
            await self._until(due_ms)
        video = videos.by_uid(self._world, uid)
        if video is not None:
            await change_with_retries(self._world, lambda: self._show(vod, video))
            return
        with self._world.clock.working():
            duration_ms, qualities = await self._complete(uid)
            await self._adopt_renditions(vod)
        await self._until(due_ms)
        await self._ready(vod, duration_ms, qualities)
        log.info("vod is ready vod=%s duration_ms=%d", vod.id, duration_ms)

    async def _ready(self, vod: Vod, length_ms: int, qualities: tuple[Quality, ...]) -> None:
        await change_with_retries(
            self._world, lambda: vods.complete(self._world, vod, length_ms, qualities)
        )

    async def _interfere(self, vod: Vod, due_ms: int) -> int:
        """Return the delay by faults.

        Refuses (`unavailable`), when due, a VOD that a fault fails.
        """
        facts, faults = {"stream": vod.stream_id or ""}, self._world.faults
        slow = faults.strike(VodSlow, f"the VOD {vod.id}", **facts)
        longer_ms = slow.fault.delay_ms if slow is not None else 0
        failure = faults.strike(VodFail, f"the VOD {vod.id}", **facts)
        if failure is not None:
            await self._until(due_ms + longer_ms)
            raise Refused("unavailable", failure.fault.reason)
        return longer_ms

    async def _complete(self, uid: str) -> tuple[int, tuple[Quality, ...]]:
        """Finish the recording's files. Return its length, and its qualities."""
        hls_stream = self._media_store.find(uid)
        await hls_stream.saved()
        # From here on the stream is its recording: all of it, not only a live window.
        self._media_store.retire(uid)
        window = self._media_store.find(uid).window
        if not window.complete:
            reason = hls_stream.failure.message if hls_stream.failure else "Nothing was recorded."
            raise Refused("unavailable", reason)
        if window.init is not None and window.init.width:
            await self._make_poster(uid)
        return round(window.duration / TICKS_PER_MS), _qualities(window)

    async def _make_poster(self, uid: str) -> None:
        """Make the poster, so that nobody waits for it later.

        Without it a recording is ready too.
        """
        try:
            await self._recordings.thumbnail(uid)
        except Refused as refused:
            log.warning("poster could not be made uid=%s reason=%s", uid, refused.message)
        except Exception:  # A failure costs only this picture.
            log.exception("poster could not be made uid=%s", uid)

    async def _adopt_renditions(self, vod: Vod) -> None:
        """Add the live renditions of its stream to the VOD."""
        stream = streams.by_uid(self._world, vod.media_uid)
        if stream is None:
            return
        for live_rendition in live_renditions.of(self._world, stream):
            window = await self._saved(live_rendition.uid)
            if window is not None and window.complete:
                adopt = partial(
                    renditions.adopt, self._world, vod, live_rendition.uid, window.peak_bits
                )
                await change_with_retries(self._world, adopt)
            else:
                reason = "Nothing was recorded."
                drop = partial(
                    live_renditions.drop, self._world, stream.id, live_rendition.uid, reason
                )
                await change_with_retries(self._world, drop)

    async def _saved(self, uid: str) -> Window | None:
        """The window of a finished recording; None if no part of it reached the disk."""
        try:
            await self._media_store.find(uid).saved()
            self._media_store.retire(uid)
            return self._media_store.find(uid).window
        except Refused:
            return None

    def _drop_renditions(self, vod: Vod) -> None:
        """Drop the live renditions of a stream without a VOD."""
        stream = streams.by_uid(self._world, vod.media_uid)
        if stream is not None:
            for live_rendition in live_renditions.of(self._world, stream):
                live_renditions.drop(
                    self._world, stream.id, live_rendition.uid, "The stream has no VOD."
                )

    def _show(self, vod: Vod, video: Video) -> None:
        """Complete a VOD with its uploaded video, unless that is still processed."""
        if video.status == "failed":
            raise Refused("unavailable", video.failure or "Its video cannot be played.")
        if video.status == "ready":
            quality = posts.quality_of(video)
            vods.complete(self._world, vod, video.duration_ms, (quality,))

    async def _until(self, due_ms: int) -> None:
        """Wait on the world's clock."""
        is_due = asyncio.Event()
        self._world.clock.call_at(due_ms, is_due.set)
        await is_due.wait()

    async def _last_media_ms(self, stream: Stream) -> int | None:
        """The time of the last media of a stream that was not ended; None where none was stored."""
        for live_rendition in live_renditions.of(self._world, stream):
            with contextlib.suppress(FileNotFoundError):  # It has no media.
                await asyncio.to_thread(recover, self._media_store.folder(live_rendition.uid))
        try:
            recovered = await asyncio.to_thread(recover, self._media_store.folder(stream.uid))
        except FileNotFoundError:
            return None
        return None if recovered.end_ms is None else round(recovered.end_ms)


def _qualities(window: Window) -> tuple[Quality, ...]:
    init = window.init
    if init is None:
        return ()
    label = f"{init.height}p" if init.height else "audio"
    return (Quality(label, init.width, init.height, window.peak_bits),)
