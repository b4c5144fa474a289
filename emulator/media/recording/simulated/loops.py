"""Loops: simulated streams for players, made when somebody watches.

A film is rendered once per process for each look and each smaller size that is requested: worlds of
one seed share theirs, and all synthetic publishers share the test picture's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeVar

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.recording.simulated.looks import look_of
from emulator.media.recording.simulated.showing import Showing
from emulator.media.ticks import TICKS_PER_MS
from emulator.world.library.recordings import SIMULATED_FILE_MS_MAX, Loop
from emulator.world.live import streams, synthetic
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.media.publisher.test_card.scene import Look
    from emulator.media.recording.simulated.film import LoopFilm
    from emulator.world.library.picture_sizes import PictureSize

K = TypeVar("K")
V = TypeVar("V")

# The size of the live picture.
WIDTH: Final = 640
HEIGHT: Final = 360
_CACHED_MAX = 64
# A film is a quarter to half a megabyte; the default seed has eight.
_FILMS_MAX = 24
_STILLS_MAX = 128
# A file of hours has some megabytes of sample tables, and a player requests it in pieces.
_FILES_KEPT = 4

# A world, a stream's uid, its end, a height, and whether it is served at its live address.
Key = tuple[str, str, int | None, int, bool]


class Loops:
    """The loops of all worlds. For the event loop's thread.

    `world` and the stream's `uid` identify a loop.
    """

    def __init__(self, media_store: MediaStore) -> None:
        self._media_store = media_store
        self._films: OrderedDict[tuple[int, Look | None], LoopFilm] = OrderedDict()
        self._stills: OrderedDict[tuple[Look | None, int, PictureSize], bytes] = OrderedDict()
        self._rendering = asyncio.Lock()
        self._streams: OrderedDict[Key, HlsStream] = OrderedDict()
        # The machine's time until which players may follow a live loop that has ended.
        self._ended: dict[Key, int] = {}
        self._files: OrderedDict[Key, bytes] = OrderedDict()

    async def hls_stream(
        self, world: World, loop: Loop, height: int = HEIGHT, *, is_followed: bool = False
    ) -> HlsStream:
        """Return a loop: live, or its recording.

        `is_followed`: at the address at which it is or was live. After its end its last playlist
        stays there for its own length, and then it is the recording in the same form, as for a real
        stream (`MediaStore.followed`).
        """
        if is_followed and (live := self._followed(world, loop, height)) is not None:
            return live
        is_live = loop.ended_at_ms is None
        key = (world.name, loop.uid, loop.ended_at_ms, height, is_followed and not is_live)
        hls_stream = self._streams.get(key)
        if hls_stream is None:
            film = await self.film(world, loop.uid, height)
            # Imported late, here and below: only a viewer needs it, and the server starts sooner
            # without it.
            from emulator.media.recording.simulated.stream import LiveLoop, recorded

            if is_live:
                hls_stream = LiveLoop(film, world.clock, _looking(world, loop))
            else:
                # A day has 43,200 segments: half a second of work, which must not block others.
                hls_stream = await asyncio.to_thread(
                    recorded, film, showing(world, loop), was_live=is_followed
                )
            hls_stream = self._streams.setdefault(key, hls_stream)
            while len(self._streams) > _CACHED_MAX:
                oldest, _ = self._streams.popitem(last=False)
                self._ended.pop(oldest, None)
        self._streams.move_to_end(key)
        return hls_stream

    def _followed(self, world: World, loop: Loop, height: int) -> HlsStream | None:
        """The live form of a loop that has ended, while players may still be playing it."""
        key = (world.name, loop.uid, None, height, False)
        hls_stream = self._streams.get(key)
        if loop.ended_at_ms is None or hls_stream is None:
            return None
        now_ms = monotonic_ms()
        # This does not count from the end in the world's time: that clock jumps, and players do
        # not.
        until_ms = self._ended.setdefault(key, now_ms + hls_stream.window.duration // TICKS_PER_MS)
        if now_ms < until_ms:
            return hls_stream
        del self._streams[key], self._ended[key]
        return None

    async def mp4(self, world: World, loop: Loop, height: int = HEIGHT) -> bytes:
        """Return the recording as one file.

        Refuses (`conflict`) a live one, (`not_found`) one that showed no media or is longer than a
        file may be.
        """
        if loop.ended_at_ms is None:
            raise Refused("conflict", "The stream is still live: its MP4 is made when it ends.")
        film = await self.film(world, loop.uid, height)
        from emulator.media.recording.simulated.mp4 import whole

        key = (world.name, loop.uid, loop.ended_at_ms, height, False)
        if key not in self._files:
            shown = showing(world, loop)
            if not shown.parts:
                raise Refused("not_found", "No media of this was recorded.")
            if shown.duration_ms > SIMULATED_FILE_MS_MAX:
                raise Refused("not_found", "This is longer than a day: play its playlist instead.")
            self._files[key] = await asyncio.to_thread(whole, film, shown)
        content = self._files[key]
        _put(self._files, key, content, _FILES_KEPT)
        return content

    async def still(
        self,
        world: World,
        loop: Loop,
        *,
        time: str | None,
        width: int | None,
        height: int | None,
        fit: str,
    ) -> bytes:
        """A JPEG of the key frame nearest to `time`; without it, of the newest or the first one.

        It is drawn, not decoded: a page full of channels need not wait for their films. Refuses
        (`invalid`) invalid times and sizes.
        """
        from emulator.media.recording.pictures import check_size, jpeg, parse_time
        from emulator.media.recording.simulated.film import KEY_SECONDS, ROUND_SECONDS, still

        size, look = check_size(width, height, fit), look_of(world, loop.uid)
        is_live = loop.ended_at_ms is None
        if time is not None:
            key = round(parse_time(time) / KEY_SECONDS)
        else:
            key = showing(world, loop).duration_ms // 1000 // KEY_SECONDS if is_live else 0
        seconds = key * KEY_SECONDS % ROUND_SECONDS

        def draw() -> bytes:
            return jpeg(still(look, seconds, WIDTH, HEIGHT), size)

        cached = self._stills.get((look, seconds, size))
        if cached is None:
            cached = await asyncio.to_thread(draw)
            _put(self._stills, (look, seconds, size), cached, _STILLS_MAX)
        return cached

    async def pictured(self, world: World, loop: Loop, time: str | None) -> tuple[str, str | None]:
        """Return the uid of a one-round recording, and the time in it that corresponds to `time`.

        Refuses (`invalid`) an invalid time.
        """
        film = await self.film(world, loop.uid)
        from emulator.media.recording.pictures import parse_time
        from emulator.media.recording.simulated.film import ROUND_SECONDS
        from emulator.media.recording.simulated.stream import RecordedLoop

        whole_round = Showing(0, ROUND_SECONDS * 1000, (), 0)
        # No stream has this uid; equal films have the same one.
        uid = sha256(repr(look_of(world, loop.uid)).encode()).hexdigest()[:32]
        self._media_store.lend(uid, RecordedLoop(film, whole_round))
        return uid, None if time is None else f"{parse_time(time) % ROUND_SECONDS}s"

    async def film(self, world: World, uid: str, height: int = HEIGHT) -> "LoopFilm":
        """Return the film of this media in this size; the first caller waits for its rendering."""
        key = (height, look_of(world, uid))
        async with self._rendering:
            film = self._films.get(key)
            if film is None:
                from emulator.media.recording.simulated.film import render

                film = await asyncio.to_thread(render, width_of(height), *key)
            _put(self._films, key, film, _FILMS_MAX)
        return film

    def forget(self, world: str) -> None:
        """Drop the loops of a world that was reset or dropped: its streams began at other times."""
        for cache in (self._streams, self._files, self._ended):
            for key in [key for key in cache if key[0] == world]:
                del cache[key]


def _put(cache: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    """Store a value as the newest; the oldest are dropped if there are too many."""
    cache[key] = value
    cache.move_to_end(key)
    while len(cache) > most:
        cache.popitem(last=False)


def width_of(height: int) -> int:
    """The width of the picture at this height: even, as H.264 needs it."""
    return 2 * round(WIDTH * height / HEIGHT / 2)


def showing(world: World, loop: Loop) -> Showing:
    """The showing of a loop up to now."""
    pauses = synthetic.pauses(world, loop.uid)
    return Showing(loop.began_at_ms, loop.ended_at_ms, pauses, world.now_ms)


def _looking(world: World, loop: Loop) -> Callable[[], Showing]:
    """A function for the showing of a live loop, which computes it again only after a change."""
    seen: tuple[int, int] | None = None
    latest = Showing(loop.began_at_ms, loop.began_at_ms, (), 0)

    def look() -> Showing:
        nonlocal seen, latest
        now = (world.now_ms, world.store.version)
        if now != seen:
            stream = streams.by_uid(world, loop.uid)
            ended_ms = stream.ended_at_ms if stream is not None else loop.ended_at_ms
            seen, latest = now, showing(world, loop._replace(ended_at_ms=ended_ms))
        return latest

    return look
