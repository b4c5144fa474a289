"""Ladders: the renditions of a world's live streams, from their start to their end."""

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

# The queued media is a few seconds at most and takes a fraction of that time to encode.
_PATIENCE_SECONDS = 10


class Ladders:
    """The ladders of one world. `names` are the configured sizes, such as `480p`; mostly none."""

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
        # By stream: the renditions of an earlier process, until its publisher comes back.
        self._waiting: dict[str, dict[str, HlsStream]] = {}

    def recover(self, stream: Stream, source: HlsStream) -> None:
        """Reopen the renditions that an earlier process recorded of a stream that it left live.

        Their playlists then end with the stream, not before. Blocks on the disk.
        """
        waiting = {}
        for live_rendition in renditions.of(self._world, stream):
            with suppress(Refused):  # Nothing of this rendition had reached the disk.
                waiting[live_rendition.uid] = self._media_store.reopen(live_rendition.uid)
        self._waiting[stream.id] = waiting
        _link_siblings({stream.uid: source} | waiting)

    def end(self, stream_id: str) -> None:
        """End the reopened renditions of a stream that has ended before its publisher came back."""
        self._finish(self._waiting.pop(stream_id, {}))

    def begin(self, stream_id: str, epoch: Epoch, source: HlsStream) -> "Ladder | None":
        """Begin the renditions of a stream that has just begun.

        Return None where no configured size is smaller than the stream's picture.
        """
        waiting = self._waiting.pop(stream_id, {})
        picture = next((track for track in epoch.tracks if isinstance(track, VideoTrack)), None)
        wanted = sizes(self._names, picture) if picture is not None else []
        if not wanted:
            self._finish(waiting)
            return None
        from emulator.media.renditions.ladder import Ladder, Rung  # Late: mostly unused.

        stream = streams.find(self._world, stream_id)
        earlier = {
            live_rendition.name: live_rendition
            for live_rendition in renditions.of(self._world, stream)
        }
        rungs = []
        for size in wanted:
            live_rendition = earlier.get(size.name)
            if live_rendition is None:  # Otherwise an earlier process began it.
                live_rendition = renditions.begin(self._world, stream, *size)
            hls_stream = waiting.pop(live_rendition.uid, None)
            if hls_stream is None:
                hls_stream = self._media_store.begin(
                    live_rendition.uid, part_ms=source.window.part_ms
                )
            rungs.append(Rung(size.name, live_rendition.uid, hls_stream))
        self._finish(waiting)  # Sizes that are no longer configured.
        _link_siblings({stream.uid: source} | {rung.uid: rung.hls_stream for rung in rungs})
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
        """Return when all finished renditions have been written; after 10 s, give up waiting."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for ladder in self._ladders:
                    await ladder.ended()
        except TimeoutError:
            log.warning("renditions did not end in time: their last segments are missing")
        self._ladders.clear()

    def _dropped(self, stream_id: str, rung: "Rung", reason: str) -> None:
        rung.hls_stream.leave_siblings(rung.uid)
        self._world.insist(lambda: renditions.drop(self._world, stream_id, rung.uid, reason))


def _link_siblings(hls_streams: dict[str, HlsStream]) -> None:
    """Let each playlist report how far the others have got (EXT-X-RENDITION-REPORT)."""
    for uid, hls_stream in hls_streams.items():
        hls_stream.siblings = {
            other_uid: other for other_uid, other in hls_streams.items() if other_uid != uid
        }
