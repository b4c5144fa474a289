"""Sources: find the footage for a clip's positions in a stream."""

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
    """The sources of one world's clips. For the event loop's thread."""

    def __init__(self, world: World, media_store: MediaStore, loops: Loops) -> None:
        self._world = world
        self._media_store = media_store
        self._loops = loops

    async def wait_for(self, clip: Clip) -> None:
        """Return when a live stream's media has reached the clip's end.

        Refuses (`not_found`, `unavailable`) where none comes.
        """
        stream = streams.find(self._world, clip.stream_id)
        if not stream.is_simulated:
            hls_stream = self._media_store.find(stream.uid)
            await hls_stream.wait_for_length(clip.to_ms * TICKS_PER_MS)

    async def of_clip(self, clip: Clip) -> tuple[Footage, tuple[int, int]]:
        """Return a clip's footage from the key frame before it, and the clip's span in it in ticks.

        Refuses (`not_found`) media that is not recorded.
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
        """Return the quality of a loop at this height, once its film in that size is rendered."""
        film = await self._loops.film(self._world, uid, height)
        bitrate = film.bits_per_second
        return Quality(f"{height}p", film.init.width, film.init.height, bitrate)

    async def _looped(self, stream: Stream, to_ms: int) -> HlsStream:
        film = await self._loops.film(self._world, stream.uid)
        # Imported late: only a clip needs it, and the server starts sooner without it.
        from emulator.media.recording.simulated.showing import PART_MS, Showing
        from emulator.media.recording.simulated.stream import RecordedLoop

        began_ms = stream.started_at_ms or 0
        # A clip's positions count only shown media, so pauses do not matter.
        shown = Showing(began_ms, began_ms + to_ms + PART_MS, (), 0)
        return await asyncio.to_thread(RecordedLoop, film, shown)

    async def _recorded(self, stream: Stream, first: int) -> HlsStream:
        hls_stream = self._media_store.find(stream.uid)
        window = hls_stream.window
        left = window.total_ticks - window.complete.duration
        if first >= left:
            return hls_stream
        # The segment has left the live window, but is on the disk.
        await self._media_store.written()
        recorded = await asyncio.to_thread(read_index, hls_stream.folder)
        return HlsStream(hls_stream.folder, recorded.window())
