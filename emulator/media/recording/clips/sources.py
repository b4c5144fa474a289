"""Sources: from a clip's positions in a stream to the footage that shows them."""

import asyncio

from emulator.media.hls.index import read_index
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.recording.footage import Footage, stretch
from emulator.media.recording.simulated.loops import Loops
from emulator.media.ticks import TICKS_PER_MS
from emulator.world.library.clips import Clip
from emulator.world.library.recordings import Quality
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.world import World


class Sources:
    """For the event loop's thread."""

    def __init__(self, world: World, media_store: MediaStore, loops: Loops) -> None:
        self._world = world
        self._media_store = media_store
        self._loops = loops

    async def wait_for(self, clip: Clip) -> None:
        """Return when a live stream's media has come as far as the clip's end.

        Refuses (`not_found`, `unavailable`) where none comes.
        """
        stream = streams.find(self._world, clip.stream_id)
        if not stream.is_simulated:
            hls_stream = self._media_store.find(stream.uid)
            await hls_stream.wait_for_length(clip.to_ms * TICKS_PER_MS)

    async def of_clip(self, clip: Clip) -> tuple[Footage, tuple[int, int]]:
        """What shows a clip, from the key frame before, and which ticks of that the clip is.

        Refuses (`not_found`) what is not recorded.
        """
        first, last = clip.from_ms * TICKS_PER_MS, clip.to_ms * TICKS_PER_MS
        stream = streams.find(self._world, clip.stream_id)
        if stream.is_simulated:
            hls_stream = await self._looped(stream, clip.to_ms)
        else:
            hls_stream = await self._recorded(stream, first)
        footage, begins = stretch(hls_stream, first, last)
        return footage, (first - begins, last - begins)

    async def of_loop(self, uid: str, height: int) -> Quality:
        """What a loop's picture is at this height, once there is a round of it in that size."""
        film = await self._loops.film(self._world, uid, height)
        bitrate = film.bits_per_second
        return Quality(f"{height}p", film.init.width, film.init.height, bitrate)

    async def _looped(self, stream: Stream, to_ms: int) -> HlsStream:
        film = await self._loops.film(self._world, stream.uid)
        # Late: a start need not wait for what only a clip needs.
        from emulator.media.recording.simulated.showing import PART_MS, Showing
        from emulator.media.recording.simulated.stream import RecordedLoop

        began_ms = stream.started_at_ms or 0
        # A clip counts what was shown, so where nothing was shown is of no concern.
        shown = Showing(began_ms, began_ms + to_ms + PART_MS, (), 0)
        return await asyncio.to_thread(RecordedLoop, film, shown)

    async def _recorded(self, stream: Stream, first: int) -> HlsStream:
        hls_stream = self._media_store.find(stream.uid)
        window = hls_stream.window
        left = window.total_ticks - window.complete.duration
        if first >= left:
            return hls_stream
        # It has left the live window, but not the disk.
        await self._media_store.written()
        recorded = await asyncio.to_thread(read_index, hls_stream.folder)
        return HlsStream(hls_stream.folder, recorded.window())
