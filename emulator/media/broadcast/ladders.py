"""Ladders: the renditions that a world's live streams begin with, and what becomes of them."""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from emulator.core.errors import Refused
from emulator.media.hls.store import MediaStore
from emulator.media.hls.stream import HlsStream
from emulator.media.packets import VideoTrack
from emulator.media.renditions.sizes import sizes
from emulator.media.timeline import Epoch
from emulator.world.live import renditions, streams
from emulator.world.live.streams import Stream
from emulator.world.world import World

if TYPE_CHECKING:
    from emulator.media.renditions.ladder import Ladder, Rung

log = logging.getLogger(__name__)

# What waits is a few seconds of media at most, which takes a fraction of that to encode.
_PATIENCE_SECONDS = 10


class Ladders:
    """`names` are the sizes that were asked for, such as `480p`; mostly none."""

    def __init__(
        self,
        world: World,
        media_store: MediaStore,
        *,
        names: tuple[str, ...],
        behind_ms: int,
    ) -> None:
        self._world = world
        self._media_store = media_store
        self._names = names
        self._behind_ms = behind_ms
        self._ladders: list[Ladder] = []
        # By stream: those of an earlier process, while its publisher may come back to them.
        self._waiting: dict[str, dict[str, HlsStream]] = {}

    def recover(self, stream: Stream, source: HlsStream) -> None:
        """Open again what an earlier process has recorded of a stream that it left live.

        So that its playlists do not end before the stream does. Blocks on the disk.
        """
        waiting = {}
        for live_rendition in renditions.of(self._world, stream):
            with suppress(Refused):  # Of this one, nothing had reached the disk.
                waiting[live_rendition.uid] = self._media_store.reopen(live_rendition.uid)
        self._waiting[stream.id] = waiting
        _introduce({stream.uid: source} | waiting)

    def end(self, stream_id: str) -> None:
        """The stream has ended: so has what nobody came back to."""
        self._finish(self._waiting.pop(stream_id, {}))

    def begin(self, stream_id: str, epoch: Epoch, source: HlsStream) -> "Ladder | None":
        """What is smaller than the picture that a stream begins with; None where nothing is."""
        waiting = self._waiting.pop(stream_id, {})
        picture = next((track for track in epoch.tracks if isinstance(track, VideoTrack)), None)
        wanted = sizes(self._names, picture) if picture is not None else []
        if not wanted:
            self._finish(waiting)
            return None
        from emulator.media.renditions.ladder import Ladder, Rung  # Late: mostly, nothing is.

        stream = streams.find(self._world, stream_id)
        earlier = {
            live_rendition.name: live_rendition
            for live_rendition in renditions.of(self._world, stream)
        }
        rungs = []
        for size in wanted:
            live_rendition = earlier.get(size.name)
            if live_rendition is None:  # Else it is by a process before this one.
                live_rendition = renditions.begin(self._world, stream, *size)
            hls_stream = waiting.pop(live_rendition.uid, None)
            if hls_stream is None:
                hls_stream = self._media_store.begin(
                    live_rendition.uid, part_ms=source.window.part_ms
                )
            rungs.append(Rung(size.name, live_rendition.uid, hls_stream))
        self._finish(waiting)  # Sizes that are not made any more.
        _introduce({stream.uid: source} | {rung.uid: rung.hls_stream for rung in rungs})
        ladder = Ladder(
            rungs,
            part_ms=source.window.part_ms,
            segment_ms=source.window.segment_ms,
            behind_ms=self._behind_ms,
            on_drop=partial(self._dropped, stream_id),
        )
        self._ladders = [ladder for ladder in self._ladders if not ladder.is_over] + [ladder]
        return ladder

    def _finish(self, waiting: dict[str, HlsStream]) -> None:
        for uid, hls_stream in waiting.items():
            hls_stream.leave_siblings(uid)
            hls_stream.finish()

    async def settled(self) -> None:
        """Return when what was finished has been written; an encoder that hangs is left."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for ladder in self._ladders:
                    await ladder.ended()
        except TimeoutError:
            log.warning("renditions did not end: what is missing of them is left out")
        self._ladders.clear()

    def _dropped(self, stream_id: str, rung: "Rung", reason: str) -> None:
        rung.hls_stream.leave_siblings(rung.uid)
        self._world.insist(lambda: renditions.drop(self._world, stream_id, rung.uid, reason))


def _introduce(media_store: dict[str, HlsStream]) -> None:
    """Each playlist tells how far the others have got."""
    for uid, hls_stream in media_store.items():
        hls_stream.siblings = {
            other: hls_stream for other, hls_stream in media_store.items() if other != uid
        }
