"""MediaStore: the `HlsStream` of every stream, live or recorded, by its uid."""

import asyncio
import logging
import re
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.busy_files import remove, remove_tree
from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.hls import disk
from emulator.media.hls.config import LONG_PART_MS, MediaStoreConfig
from emulator.media.hls.writer import OnFailure, RecordingFailed, WriterThread
from emulator.media.ticks import TICKS_PER_MS

# Streams are imported with the first one: a start has none.
if TYPE_CHECKING:
    from emulator.media.hls.stream import HlsStream

log = logging.getLogger(__name__)

_MARKS_NAME = "deleted"
_UID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class MediaStore:
    """All media of the server. For the event loop's thread. Folders are `<root>/<uid>/`."""

    def __init__(
        self,
        root: Path,
        config: MediaStoreConfig | None = None,
        writer: WriterThread | None = None,
    ) -> None:
        self.root = root
        self.config = config or MediaStoreConfig()
        self._writer = writer or WriterThread(pending_bytes_max=self.config.pending_bytes_max)
        self._live: dict[str, HlsStream] = {}
        self._recordings: OrderedDict[str, HlsStream] = OrderedDict()
        # Streams that ended lately, and until when their players may still follow the playlist.
        self._ended: OrderedDict[str, tuple[int, HlsStream]] = OrderedDict()
        # Deleted media that is not removed yet: somebody has a file open, which Windows protects.
        self._leftovers = self._marked = _read_marks(root)
        self._usage: disk.Usage | None = None
        self._usage_at_ms = 0

    def begin(
        self, uid: str, on_failure: OnFailure | None = None, *, part_ms: int | None = None
    ) -> "HlsStream":
        """Open the media of a stream that begins now.

        Refuses (`conflict`) a uid that has media already. Its parts are as long as
        `MediaStoreConfig` says, or `part_ms`. `on_failure` is called once if the recording stops
        (`disk_full`, `disk_too_slow`, `disk_error`); the stream continues from memory.
        """
        from emulator.media.hls.index import NAME as INDEX_NAME
        from emulator.media.hls.stream import HlsStream
        from emulator.media.hls.window import Window

        folder = self.folder(uid)
        self._leftovers -= {uid}
        if uid in self._live or (folder / INDEX_NAME).exists():
            raise Refused("conflict", "This stream has media already.")
        window = Window(
            segment_ms=self.config.segment_ms,
            part_ms=self._part_ms() if part_ms is None else part_ms,
            dvr_seconds=self.config.dvr_ms / 1000,
        )
        segment_writer = self._writer.segment_writer(folder, on_failure or _ignore)
        hls_stream = self._live[uid] = HlsStream(folder, window, segment_writer)
        return hls_stream

    def _part_ms(self) -> int:
        """The part length of the next stream."""
        is_crowded = len(self._live) >= self.config.short_parts_streams_max
        return max(self.config.part_ms, LONG_PART_MS if is_crowded else 0)

    def discard(self, uid: str) -> None:
        """Undo `begin` for a stream that has had no media; nothing is left of it."""
        self._live.pop(uid, None)

    def reopen(self, uid: str, on_failure: OnFailure | None = None) -> "HlsStream":
        """Continue the recording of a stream that an earlier process left live.

        Blocks on the disk. Refuses (`not_found`) where that process recorded nothing.
        """
        from emulator.media.hls.index import read_index
        from emulator.media.hls.stream import HlsStream

        folder = self.folder(uid)
        try:
            recorded = read_index(folder)
        except OSError:
            raise Refused("not_found", "This stream has no media yet.") from None
        self._recordings.pop(uid, None)
        segment_writer = self._writer.segment_writer(folder, on_failure or _ignore)
        window = recorded.continued(self.config.dvr_ms / 1000)
        hls_stream = self._live[uid] = HlsStream(folder, window, segment_writer, recorded.inits)
        return hls_stream

    def find(self, uid: str) -> "HlsStream":
        """Return the live stream, or the recording that its index describes.

        Refuses `not_found`, with `retry_after_seconds`, where there is neither (yet).
        """
        from emulator.media.hls.index import read_index
        from emulator.media.hls.stream import HlsStream

        if uid in self._live:
            return self._live[uid]
        if uid not in self._recordings:
            folder = self.folder(uid)
            try:
                self._check_not_deleted(uid)
                window = read_index(folder).window(self.config.dvr_ms / 1000)
                self._recordings[uid] = HlsStream(folder, window)
            except OSError:
                message = "This stream has no media yet."
                raise Refused("not_found", message, retry_after_seconds=1) from None
            while len(self._recordings) > self.config.recordings_loaded_max:
                self._recordings.popitem(last=False)
        self._recordings.move_to_end(uid)
        return self._recordings[uid]

    def followed(self, uid: str) -> "HlsStream":
        """Return the stream for the address at which it was live, whose players still follow it.

        The same playlist continues to its end, and its files can be fetched for the playlist's
        length after that (RFC 8216bis, 6.2.1 and 6.2.2). Later it is the recording, with a playlist
        of the same form. Refuses as `find` does.
        """
        self._forget_ended()
        if uid in self._ended:
            return self._ended[uid][1]
        hls_stream = self.find(uid)
        if not hls_stream.window.is_recording:
            return hls_stream
        return hls_stream.as_it_was_live()

    def is_followed(self, uid: str) -> bool:
        """Whether viewers may still be playing a stream that ended lately."""
        self._forget_ended()
        return uid in self._ended

    def is_live(self, uid: str) -> bool:
        return uid in self._live and not self._live[uid].window.is_finished

    def lend(self, uid: str, hls_stream: "HlsStream") -> None:
        """Add a stream that is made elsewhere, so that `find` returns it; it has no files."""
        self._recordings.setdefault(uid, hls_stream)

    def has(self, uid: str) -> bool:
        """Whether there is media under this uid, in memory or on the disk."""
        if uid in self._leftovers:
            return False
        return uid in self._live or uid in self._recordings or self.folder(uid).is_dir()

    def retire(self, uid: str) -> None:
        """Drop a finished and saved stream from memory: from now on it is its recording."""
        if self.is_live(uid) or uid not in self._live:
            return
        hls_stream = self._live.pop(uid)
        hls_stream.release_memory()
        until_ms = monotonic_ms() + hls_stream.window.duration // TICKS_PER_MS
        self._ended[uid] = (until_ms, hls_stream)
        self._forget_ended()

    async def delete(self, uid: str) -> None:
        """Remove a recording and its files. Refuses (`conflict`) while the stream is live.

        A file that a player has open, on a system that protects it, is removed with a later
        deletion, at the end of this process, or by the next one; until then `find` does not return
        it.
        """
        if self.is_live(uid):
            raise Refused("conflict", "A live stream's media cannot be deleted.")
        self.folder(uid)  # Refuses an invalid uid.
        recording = self._recordings.pop(uid, None)
        self._ended.pop(uid, None)
        hls_stream = self._live.pop(uid, None) or recording
        if hls_stream is not None:
            await hls_stream.saved()
        self._leftovers |= {uid}
        await self._remove_leftovers()
        self._usage = None

    def check_room(self) -> None:
        """Refuse (`unavailable`, with a message for the publisher) while the disk is full."""
        refusal = self.usage().room_for_publisher()
        if refusal is not None:
            raise refusal

    def check_disk(self) -> None:
        """Refuse as `check_room`, without measuring every recording again: for frequent callers."""
        used = self._usage.recordings if self._usage is not None else ()
        refusal = disk.usage_of(used, self.root, self.config.disk_limit_bytes).room_for_publisher()
        if refusal is not None:
            raise refusal

    def usage(self) -> disk.Usage:
        """The disk's use; it is measured again once the last measure is `usage_max_age_ms` old."""
        now_ms = monotonic_ms()
        if self._usage is None or now_ms - self._usage_at_ms >= self.config.usage_max_age_ms:
            self._usage = disk.usage(self.root, self.config.disk_limit_bytes)
            self._usage_at_ms = now_ms
        return self._usage

    async def written(self) -> None:
        """Return when the writer has done all that was queued up to now."""
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._writer.put(lambda: _set(loop, done))
        await done.wait()

    async def close(self) -> None:
        """End all live streams, and write what is queued. No stream can be begun afterwards."""
        for hls_stream in self._live.values():
            hls_stream.finish()
        await self._writer.close()
        await self._remove_leftovers()

    async def _remove_leftovers(self) -> None:
        for uid in sorted(self._leftovers):
            if await asyncio.to_thread(remove_tree, self.folder(uid)):
                self._leftovers -= {uid}
        if self._leftovers != self._marked:
            self._marked = self._leftovers
            await asyncio.to_thread(_write_marks, self.root, self._leftovers)

    def _check_not_deleted(self, uid: str) -> None:
        if uid in self._leftovers:
            raise FileNotFoundError(f"{uid} was deleted")

    def _forget_ended(self) -> None:
        now_ms = monotonic_ms()
        over = [uid for uid, (until_ms, _) in self._ended.items() if until_ms <= now_ms]
        for uid in over:
            del self._ended[uid]
        while len(self._ended) > self.config.recordings_loaded_max:
            self._ended.popitem(last=False)

    def folder(self, uid: str) -> Path:
        """The folder of a uid. Refuses `not_found` for anything but 32 hexadecimal digits.

        That keeps other paths out.
        """
        if _UID.fullmatch(uid) is None:
            raise Refused("not_found", "There is no such stream.")
        return self.root / uid


def _read_marks(root: Path) -> frozenset[str]:
    """Read the uids of media that an earlier process has deleted but could not remove."""
    try:
        words = (root / _MARKS_NAME).read_text("ascii").split()
    except (OSError, ValueError):
        return frozenset()
    return frozenset(word for word in words if _UID.fullmatch(word))


def _write_marks(root: Path, uids: frozenset[str]) -> None:
    path = root / _MARKS_NAME
    with suppress(OSError):  # Then the next process will find these files but not remove them.
        if uids:
            log.warning("deleted media is in use and is removed later count=%d", len(uids))
            path.write_text("\n".join(sorted(uids)), "ascii")
        else:
            remove(path)


def _ignore(_: RecordingFailed) -> None:
    """Do nothing: the writer has logged the failure."""


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)
