"""Recordings: pictures and files made from stored segments, for the web layer. Each is made once.

For the event loop's thread; the work is done in threads, a few at a time, so that a page full of
thumbnails does not slow down live streams. The code that makes them is imported with the first
request: a start does not wait for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore

if TYPE_CHECKING:
    from emulator.media.hls.stream import HlsStream
    from emulator.media.recording.clips.moments import ClipMoment
    from emulator.media.recording.footage import Footage
    from emulator.media.recording.storyboard import Storyboard

T = TypeVar("T")

MP4_NAME = "default.mp4"
POSTER_SHARE = 0.1


class RecordingConfig(Struct, frozen=True):
    """The settings of made pictures. `live_max_age_ms`: the largest age of a live stream's picture.

    `jobs_max`: the number of threads.
    """

    pictures_kept_max: int = 256
    live_max_age_ms: int = 10_000
    jobs_max: int = 2
    jobs_waiting_max: int = 64


class _Cached(Struct):
    """A cached result. With `until_ms` None it stays as long as there is room."""

    value: object
    until_ms: int | None


class Recordings:
    """The pictures and files of one store's streams."""

    def __init__(self, media_store: MediaStore, config: RecordingConfig | None = None) -> None:
        self._media_store = media_store
        self._config = config or RecordingConfig()
        self._cache: OrderedDict[Hashable, _Cached] = OrderedDict()
        self._running: dict[Hashable, asyncio.Future[object]] = {}
        self._threads = ThreadPoolExecutor(self._config.jobs_max, "recordings")
        # A file that must be transcoded takes long; no picture waits for it.
        self._files = ThreadPoolExecutor(1, "recording-files")

    def seconds(self, uid: str) -> float:
        """The length of the recording, exact to the frame. Refuses `not_found`."""
        from emulator.media.recording.footage import footage

        return footage(self._media_store.find(uid)).seconds

    async def thumbnail(
        self,
        uid: str,
        *,
        time: str | None = None,
        width: int | None = None,
        height: int | None = None,
        fit: str = "crop",
    ) -> bytes:
        """A JPEG; without `time`, of a live stream's newest key frame or of a recording's poster.

        Refuses `invalid` for sizes outside 1 to 2000, other fits, and times outside the video;
        `not_found` before there is a picture.
        """
        from emulator.media.recording.pictures import check_size, parse_time, still

        size = check_size(width, height, fit)
        asked = parse_time(time) if time is not None else None
        hls_stream = self._media_store.find(uid)
        is_live = not hls_stream.window.is_finished

        def make(held: "Footage") -> bytes:
            middle = held.newest if is_live else held.seconds * POSTER_SHARE
            return still(held, middle if asked is None else asked, size)

        return await self._once(("thumbnail", uid, asked, is_live, size), hls_stream, make)

    async def animation(
        self,
        uid: str,
        *,
        time: str | None = None,
        duration: str = "5s",
        rate: int = 8,
        width: int | None = None,
        height: int | None = None,
        fit: str = "crop",
    ) -> bytes:
        """An animated GIF. Refuses as `thumbnail`, also durations over 15 s, and rates over 15."""
        from emulator.media.recording.animation import gif
        from emulator.media.recording.pictures import check_size, parse_time

        if width is None and height is None:
            height = 180  # The default is small, since a GIF grows quickly.
        size = check_size(width, height, fit)
        start = parse_time(time) if time is not None else 0.0
        seconds = parse_time(duration, "duration")
        key = ("animation", uid, start, seconds, rate, size)
        hls_stream = self._media_store.find(uid)
        return await self._once(key, hls_stream, lambda held: gif(held, start, seconds, rate, size))

    async def storyboard(self, uid: str) -> "Storyboard":
        """The seek bar's sprite and its WebVTT. Refuses `not_found` before there is a picture."""
        from emulator.media.recording.storyboard import storyboard

        hls_stream = self._media_store.find(uid)
        return await self._once(("storyboard", uid), hls_stream, storyboard)

    async def moments(self, uid: str) -> "tuple[ClipMoment, ...]":
        """The moments at which a recording's picture changes or a pause ends.

        Refuses `not_found`.
        """
        from emulator.media.recording.clips.moments import moments

        return await self._once(("moments", uid), self._media_store.find(uid), moments)

    async def mp4(self, uid: str) -> Path:
        """The recording as one file, made on the first request.

        Refuses `conflict` while the stream is live, `unavailable` when the disk has no room.
        """
        from emulator.media.recording.mp4 import remux

        hls_stream = self._media_store.find(uid)
        if not hls_stream.window.is_finished:
            raise Refused("conflict", "The stream is still live: its MP4 is made when it ends.")
        await hls_stream.saved()
        path = hls_stream.folder / MP4_NAME
        if not path.exists():
            self._cache.pop(("mp4", uid), None)

        def make(held: "Footage") -> Path:
            return path if path.exists() else remux(held, path).path

        return await self._once(("mp4", uid), hls_stream, make, self._files)

    def forget(self, uid: str) -> None:
        """Drop the cached results of a deleted recording."""
        for key in [key for key in self._cache if isinstance(key, tuple) and key[1] == uid]:
            del self._cache[key]

    async def close(self) -> None:
        """Finish the running jobs, and start no others."""
        for threads in (self._threads, self._files):
            await asyncio.to_thread(threads.shutdown, cancel_futures=True)

    async def _once(
        self,
        key: Hashable,
        hls_stream: "HlsStream",
        make: "Callable[[Footage], T]",
        threads: ThreadPoolExecutor | None = None,
    ) -> T:
        """Return the result for this key: cached, in progress, or made now in a thread."""
        from emulator.media.recording.footage import footage

        is_final = hls_stream.window.is_finished
        cached = self._cache.get(key)
        now_ms = monotonic_ms()
        if cached is not None and (cached.until_ms is None or now_ms < cached.until_ms):
            self._cache.move_to_end(key)
            return cast(T, cached.value)  # Each kind of key has one `make`.
        running = self._running.get(key)
        if running is None:
            if len(self._running) >= self._config.jobs_waiting_max:
                raise Refused("unavailable", "Too many pictures are being made. Try again soon.")
            held = footage(hls_stream)
            running = asyncio.get_running_loop().run_in_executor(
                threads or self._threads, make, held
            )
            self._running[key] = running
            until_ms = None if is_final else now_ms + self._config.live_max_age_ms
            running.add_done_callback(lambda done: self._keep(key, done, until_ms))
        # This is shielded: when one caller leaves, the others still get the result.
        return cast(T, await asyncio.shield(running))

    def _keep(self, key: Hashable, done: asyncio.Future[object], until_ms: int | None) -> None:
        self._running.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._cache[key] = _Cached(done.result(), until_ms)
        while len(self._cache) > self._config.pictures_kept_max:
            self._cache.popitem(last=False)
