"""MediaStore: every stream's `HlsStream` by its uid, live ones and recordings."""

import asyncio
import logging
import re
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from emulator.busy_files import remove, remove_tree
from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.hls import disk
from emulator.media.hls.config import LONG_PART_MS, MediaStoreConfig
from emulator.media.hls.index import NAME as INDEX_NAME
from emulator.media.hls.index import read_index
from emulator.media.hls.stream import HlsStream
from emulator.media.hls.window import Window
from emulator.media.hls.writer import OnFailure, RecordingFailed, WriterThread
from emulator.media.ticks import TICKS_PER_MS

log = logging.getLogger(__name__)

_MARKS_NAME = "deleted"
_UID = re.compile(r"[0-9a-f]{32}", re.ASCII)


class MediaStore:
    """For the event loop's thread. Folders are `<root>/<uid>/`."""

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
        # What was live a moment ago, and until when its playlist may still be followed.
        self._ended: OrderedDict[str, tuple[int, HlsStream]] = OrderedDict()
        # Deleted, and not yet removed: somebody has a file open, which Windows protects.
        self._leftovers = self._marked = _read_marks(root)
        self._usage: disk.Usage | None = None
        self._usage_at_ms = 0

    def begin(
        self, uid: str, on_failure: OnFailure | None = None, *, part_ms: int | None = None
    ) -> HlsStream:
        """For a stream that begins now. Refuses (`conflict`) a uid that has media already.

        Its parts are as long as `MediaStoreConfig` says, or `part_ms`. `on_failure` is called once
        if the recording stops (`disk_full`, `disk_too_slow`, `disk_error`); the stream goes on from
        memory.
        """
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
        """How long the parts of the next stream are."""
        is_crowded = len(self._live) >= self.config.short_parts_streams_max
        return max(self.config.part_ms, LONG_PART_MS if is_crowded else 0)

    def discard(self, uid: str) -> None:
        """Take `begin` back, before it had any media: it leaves nothing behind."""
        self._live.pop(uid, None)

    def reopen(self, uid: str, on_failure: OnFailure | None = None) -> HlsStream:
        """A stream that an earlier process left, to go on behind its last part.

        Blocks on the disk. Refuses (`not_found`) where that process has recorded nothing.
        """
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

    def find(self, uid: str) -> HlsStream:
        """The live stream, or the recording as its index tells it.

        Refuses `not_found`, with `retry_after_seconds`, where there is neither (yet).
        """
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

    def followed(self, uid: str) -> HlsStream:
        """What the address shows that a stream was live under: what its players follow there.

        The same playlist goes on to its end, and what it lists can be fetched for as long as it is
        (RFC 8216bis, 6.2.1 and 6.2.2). From then on it is the recording, in the form that the
        playlist had. Refuses as `find` does.
        """
        self._forget_ended()
        if uid in self._ended:
            return self._ended[uid][1]
        hls_stream = self.find(uid)
        if not hls_stream.window.is_recording:
            return hls_stream
        return hls_stream.as_it_was_live()

    def is_followed(self, uid: str) -> bool:
        """Whether what was live here a moment ago may still be played by its viewers."""
        self._forget_ended()
        return uid in self._ended

    def is_live(self, uid: str) -> bool:
        return uid in self._live and not self._live[uid].window.is_finished

    def lend(self, uid: str, hls_stream: HlsStream) -> None:
        """Let a stream that is made elsewhere be found here; it has no files."""
        self._recordings.setdefault(uid, hls_stream)

    def has(self, uid: str) -> bool:
        """Whether there is media under this uid, in memory or on the disk."""
        if uid in self._leftovers:
            return False
        return uid in self._live or uid in self._recordings or self.folder(uid).is_dir()

    def retire(self, uid: str) -> None:
        """A finished and saved stream leaves memory: from now on it is its recording."""
        if self.is_live(uid) or uid not in self._live:
            return
        hls_stream = self._live.pop(uid)
        hls_stream.rest()
        until_ms = monotonic_ms() + hls_stream.window.duration // TICKS_PER_MS
        self._ended[uid] = (until_ms, hls_stream)
        self._forget_ended()

    async def delete(self, uid: str) -> None:
        """Remove a recording and its files. Refuses (`conflict`) while the stream is live.

        What a player has open, where the system protects that, goes with a later removal or with
        the end of this process or of the next; until then nobody finds it.
        """
        if self.is_live(uid):
            raise Refused("conflict", "A live stream's media cannot be deleted.")
        self.folder(uid)  # It refuses a uid that is none.
        recording = self._recordings.pop(uid, None)
        self._ended.pop(uid, None)
        hls_stream = self._live.pop(uid, None) or recording
        if hls_stream is not None:
            await hls_stream.saved()
        self._leftovers |= {uid}
        await self._remove_leftovers()
        self._usage = None

    def check_room(self) -> None:
        """Refuses (`unavailable`, with a sentence for the publisher) while the disk is full."""
        refusal = self.usage().room_for_publisher()
        if refusal is not None:
            raise refusal

    def check_disk(self) -> None:
        """As `check_room`, but without a look at every recording: for frequent callers."""
        used = self._usage.recordings if self._usage is not None else ()
        refusal = disk.usage_of(used, self.root, self.config.disk_limit_bytes).room_for_publisher()
        if refusal is not None:
            raise refusal

    def usage(self) -> disk.Usage:
        """How full the disk is; looked at anew when the last look is `usage_max_age_ms` old."""
        now_ms = monotonic_ms()
        if self._usage is None or now_ms - self._usage_at_ms >= self.config.usage_max_age_ms:
            self._usage = disk.usage(self.root, self.config.disk_limit_bytes)
            self._usage_at_ms = now_ms
        return self._usage

    async def written(self) -> None:
        """Return when everything that was appended up to now is on its way to the disk."""
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._writer.put(lambda: _set(loop, done))
        await done.wait()

    async def close(self) -> None:
        """End what is live, and write what waits. Nothing can be begun afterwards."""
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
        """Refuses `not_found` for anything but 32 hexadecimal digits: no path tricks."""
        if _UID.fullmatch(uid) is None:
            raise Refused("not_found", "There is no such stream.")
        return self.root / uid


def _read_marks(root: Path) -> frozenset[str]:
    """What an earlier process has deleted and could not remove."""
    try:
        words = (root / _MARKS_NAME).read_text("ascii").split()
    except (OSError, ValueError):
        return frozenset()
    return frozenset(word for word in words if _UID.fullmatch(word))


def _write_marks(root: Path, uids: frozenset[str]) -> None:
    path = root / _MARKS_NAME
    with suppress(OSError):  # Then the next process finds these files, and what they are of not.
        if uids:
            log.warning("deleted media is in use and is removed later count=%d", len(uids))
            path.write_text("\n".join(sorted(uids)), "ascii")
        else:
            remove(path)


def _ignore(_: RecordingFailed) -> None:
    """The writer has logged it."""


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    loop.call_soon_threadsafe(event.set)
