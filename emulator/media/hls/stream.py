"""HlsStream: one stream's media, from its first part to the last player's last request.

For the event loop's thread alone. Fresh parts are served from memory; an old segment that is on
disk is served from its file. A recording that fails (a full disk) does not stop the stream: then
the window is what memory holds.
"""

import asyncio
import re
from array import array
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.hls import index, playlist
from emulator.media.hls.part import HlsPart
from emulator.media.hls.segments import FileRange, Init, Segment, Source, StoredPart, init_of
from emulator.media.hls.window import Window
from emulator.media.hls.writer import RecordingFailed, SegmentWriter
from emulator.media.ticks import TICKS_PER_SECOND

Kind = Literal["multivariant", "multivariant_ll", "plain", "low_latency"]

# The number of complete segments kept in memory, so that players at the live edge need no disk.
# None is kept for a stream that nobody has asked for in the last `_ASKED_SEGMENTS`.
FRESH_SEGMENTS = 1
_ASKED_SEGMENTS = 3
# The number of segments in the window after the recording failed, all of them in memory.
UNRECORDED_SEGMENTS = 6

_NAME = re.compile(r"(init|seg|part)-(0|[1-9][0-9]{0,8})(-whole)?\.(mp4|m4s)", re.ASCII)


class Rendered(Struct, frozen=True, dict=True):
    """A playlist, ready to send. `is_final`: it will never change again."""

    body: bytes
    etag: str
    is_final: bool
    max_age_seconds: int

    @property
    def text(self) -> str:
        return self.body.decode()

    @cached_property
    def gzipped(self) -> bytes:
        """Compressed once for all clients that accept it."""
        import gzip  # Late: not every player asks for it.

        return gzip.compress(self.body, compresslevel=5, mtime=0)


class HlsStream:
    """The media of one stream.

    The pipeline calls `begin`, `append` and `finish`; others read it.
    """

    def __init__(
        self,
        folder: Path,
        window: Window,
        segment_writer: SegmentWriter | None = None,
        inits: Mapping[int, Init] | None = None,
    ) -> None:
        """Serve a window. `segment_writer` is None for a finished recording.

        `folder` need not exist. `inits` are all existing init segments, also those that no segment
        of the window needs.
        """
        self.folder = folder
        self.window = window
        self._segment_writer = segment_writer
        self._inits: dict[int, Init] = dict(inits or {})
        self._init_contents: dict[int, bytes] = {}
        self._fresh: list[Segment] = []
        # The number of the last segment during which a player asked for anything.
        self._asked_msn = -1
        self._reset_offsets(window)
        self._rendered: dict[tuple[Kind, bool, bool], tuple[int, Rendered]] = {}
        # Set by the next change; None while nobody waits for one.
        self._changed: asyncio.Event | None = None
        self._saved = asyncio.Event()
        self._is_withdrawn = False
        self._was_live = not window.is_recording
        self._live_form: HlsStream | None = None
        # The number of bytes of a segment that were listed when its publisher left.
        self._lengths_at_pause: dict[int, int] = {}
        # The same stream in other sizes, by the CDN uids that they are found under.
        self.siblings: dict[str, HlsStream] = {}
        for segment in window.segments:
            self._inits[segment.init.number] = segment.init
            self._note_length(segment)
        if segment_writer is None:
            self._saved.set()

    # The methods that the pipeline calls.

    def begin(self, content: bytes, part: HlsPart) -> None:
        """Take the init segment of a part that starts a discontinuity, before the part itself."""
        self._end_segment()
        number = max(self._inits, default=-1) + 1
        init = init_of(number, part.tracks, len(content))
        self._inits[number] = init
        self._init_contents[number] = content
        self.window.begin(init)
        if self._segment_writer is not None:
            # The head line is not written before this: a publisher that sends nothing leaves no
            # folder.
            if number == 0:
                self._segment_writer.note(index.head_line(self.window))
            self._segment_writer.whole(init.name, content, index.init_line(init))

    def append(self, part: HlsPart, fragment: bytes) -> None:
        """Add a part with its `moof` and `mdat`, and wake all requests that wait for it.

        Raises `ValueError` for a part with `starts_discontinuity` that came without `begin`.
        """
        if part.starts_discontinuity and not self.window.starts_run:
            raise ValueError("a part that starts a discontinuity needs its init segment first")
        if part.starts_segment and not part.starts_discontinuity:
            self._end_segment()
        frames = len(part.pictures)
        segment, stored = self.window.add(
            fragment,
            start=part.start,
            duration=part.duration,
            frames=frames,
            is_independent=part.is_independent,
            at_ms=part.at_ms,
            has_captions=not self.window.has_captions and part.has_captions,
        )
        self._part_ends.append(stored.offset + stored.length)
        if stored.offset == 0:
            self._fresh.append(segment)
        elif len(self._fresh) > 1 and self._asked_msn < segment.msn - _ASKED_SEGMENTS:
            self._drop_written(segment.msn)
        if self._segment_writer is not None:
            line = index.part_line(segment, stored, frames)
            self._segment_writer.part(segment.name, stored, line)
        if part.ends_segment:
            self._end_segment()
        self._wake()

    def pause(self) -> None:
        """Make all media so far playable: none comes for a while, perhaps never again."""
        self.window.pause()
        if (opened := self.window.open) is not None:
            self._lengths_at_pause[opened.msn] = opened.length
        self._wake()

    def finish(self) -> None:
        """End the playlists: no more media will come. A second call changes nothing."""
        if self.window.is_finished:
            return
        self._end_segment()
        self.window.finish()
        self._wake()
        if self._segment_writer is None:
            return
        if self._inits:
            self._segment_writer.finish(index.end_line(self.window.end_ms), self._saved.set)
        else:
            self._saved.set()

    def release_memory(self) -> None:
        """Drop the bytes in memory that are on the disk, from where they are played then."""
        self._drop_written(self.window.next_msn)

    def as_it_was_live(self) -> "HlsStream":
        """The recording for the address at which it was live: with playlists of the same form."""
        if self._live_form is None:
            self._live_form = HlsStream(self.folder, self.window)
            self._live_form._was_live = True
        return self._live_form

    def withdraw(self) -> None:
        """Stop serving the stream: waiting and later requests are refused."""
        self._is_withdrawn = True
        self.finish()

    def leave_siblings(self, uid: str) -> None:
        """Remove this stream, found under `uid`, from the other renditions' reports."""
        for other in self.siblings.values():
            other.siblings.pop(uid, None)

    async def saved(self) -> None:
        """Return when a finished recording is on the disk, as far as it could be written."""
        await self._saved.wait()

    @property
    def failure(self) -> RecordingFailed | None:
        """The failure that ended the recording, if any; the stream continues from memory."""
        return self._segment_writer.failure if self._segment_writer is not None else None

    # The methods that serve players.

    def playlist(
        self, kind: Kind, *, msn: int | None = None, part: int | None = None, skip: bool = False
    ) -> Rendered:
        """The playlist as it is now. `wait_for`, with the same numbers, blocks before it.

        Refuses `not_found`, with `retry_after_seconds`, until the first segment is complete or its
        publisher has left: a playlist with parts alone is legal, but hls.js, Shaka and video.js
        give up on it for good.
        """
        self._check_ready()
        self._asked_msn = self.window.next_msn
        is_delta = skip and kind == "low_latency"
        is_first = msn is None and part is None and self.window.has_just_begun
        version, rendered = self._rendered.get((kind, is_delta, is_first), (-1, None))
        if rendered is None or version != self.window.version:
            rendered = self._render(kind, is_delta, is_first)
            self._rendered[kind, is_delta, is_first] = (self.window.version, rendered)
        if msn is None and part is None:
            return rendered
        # The response to a blocking reload has its own address, so caches may keep it for long.
        max_age_seconds = 6 * self.window.target_seconds
        return Rendered(rendered.body, rendered.etag, rendered.is_final, max_age_seconds)

    async def wait_for(self, msn: int | None, part: int | None = None) -> None:
        """Return when the playlist has that segment, or that part of it (RFC 8216bis, 6.2.5.2).

        Refuses `bad_request` for numbers that are too far ahead or invalid, and `unavailable` if
        the media has not come within three target durations.
        """
        window = self.window
        if msn is None:
            if part is not None:
                raise Refused("bad_request", "_HLS_part needs _HLS_msn: send both.")
            return
        if window.is_finished:
            return
        self._check_reach(msn, part)
        await self._until(lambda: window.is_finished or self._holds(msn, part))

    async def wait_for_first(self) -> None:
        """Return when there is a playlist, or none will ever come.

        Refuses `unavailable` as `wait_for`.
        """
        await self._until(lambda: self._is_ready() or self.window.is_finished)

    async def wait_for_length(self, ticks: int) -> None:
        """Return when `ticks` of media have come since the start, or no more will.

        Refuses as above.
        """
        window = self.window
        await self._until(lambda: window.is_finished or self._length() >= ticks)

    def _length(self) -> int:
        opened = self.window.open
        return self.window.total_ticks + (opened.duration if opened is not None else 0)

    def media_now(self, name: str) -> Source:
        """An init segment, a complete segment or a part, by its name in a playlist.

        Refuses `not_found` for every other name, and for media that is no longer there.
        """
        kind, number, is_whole = self._parse(name)
        self._asked_msn = self.window.next_msn
        if kind == "init":
            return self._init_source(number)
        if kind == "part":
            return self._part_source(number)
        return self.whole(number) if is_whole else self._listed_source(number)

    def whole(self, msn: int) -> Source:
        """Return all of a listed segment, also the media added after a pause.

        Refuses `not_found`.
        """
        return self._segment_source(msn)

    async def media(self, name: str) -> Source:
        """Return the media like `media_now`, but wait for the part that a preload hint names."""
        kind, number, _ = self._parse(name)
        window = self.window
        if kind == "part" and number == window.next_part and not window.is_finished:
            await self._until(lambda: window.next_part > number or window.is_finished)
        return self.media_now(name)

    def _end_segment(self) -> None:
        segment = self.window.end_segment()
        if segment is None:
            return
        self._note_length(segment)
        if self._segment_writer is not None:
            self._segment_writer.end_segment(index.segment_line(segment))
        self._age()

    def _reset_offsets(self, window: Window) -> None:
        """Start the arrays of lengths and offsets at the window's first segment and next part.

        They are arrays since a stream has thousands of each: the lengths of segments, and the ends
        of parts in their segments, all in bytes.
        """
        self._first_msn, self._lengths = window.first_msn, array("q")
        self._first_part, self._part_ends = window.next_part, array("I")

    def _note_length(self, segment: Segment) -> None:
        missing = segment.msn - self._first_msn - len(self._lengths)
        self._lengths.extend([-1] * missing)
        self._lengths.append(segment.length)
        if segment.has_grown:
            self._lengths_at_pause[segment.msn] = segment.length_at_pause

    def _length_of(self, msn: int) -> int:
        """The bytes of a complete segment, -1 for one that does not exist, or no longer."""
        index = msn - self._first_msn
        return self._lengths[index] if 0 <= index < len(self._lengths) else -1

    def _age(self) -> None:
        """Drop the bytes of old segments, and the parts that players may no longer ask for."""
        self._drop_written(self.window.next_msn - FRESH_SEGMENTS)
        if self.failure is not None:
            self._lose_unrecorded()
        segments_with_parts = 2 + 3 * self.window.target_seconds * 1000 // self.window.segment_ms
        self.window.complete.pack(self.window.next_msn - segments_with_parts)

    def _drop_written(self, first_msn: int) -> None:
        """Drop the bytes of segments before `first_msn`, once all of them are in a file."""
        self._fresh = [
            segment
            for segment in self._fresh
            if segment.msn >= first_msn or not segment.drop_content()
        ]

    def _lose_unrecorded(self) -> None:
        """Drop segments that only memory has: first from the window, later from memory."""
        first = self.window.next_msn - UNRECORDED_SEGMENTS
        if any(segment.msn < first for segment in self._fresh):
            self.window.drop_before(first)
        lost = [s for s in self._fresh if s.msn < first - UNRECORDED_SEGMENTS]
        for segment in lost:
            self._lengths[segment.msn - self._first_msn] = -1
            self._fresh.remove(segment)

    def _wake(self) -> None:
        if self._changed is None:  # Nobody waits.
            return
        changed, self._changed = self._changed, None
        changed.set()

    async def _until(self, is_true: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(3 * self.window.target_seconds):
                while not is_true():
                    self._changed = self._changed or asyncio.Event()
                    await self._changed.wait()
        except TimeoutError:
            raise Refused(
                "unavailable",
                "The stream has sent nothing for a while. Try again.",
                retry_after_seconds=1,
            ) from None

    def _check_reach(self, msn: int, part: int | None) -> None:
        window = self.window
        if msn < 0 or (part is not None and part < 0):
            raise Refused("bad_request", "_HLS_msn and _HLS_part must not be negative.")
        if msn > window.last_msn + 2:
            raise Refused(
                "bad_request",
                "_HLS_msn is more than two segments ahead.",
                last_msn=window.last_msn,
            )
        parts = len(window.open.parts) if window.open is not None else 0
        part_seconds = window.part_target / TICKS_PER_SECOND
        limit = parts + (3 / part_seconds if part_seconds < 1 else 3)
        if part is not None and msn == window.next_msn and part > limit:
            raise Refused("bad_request", "_HLS_part is too far ahead.", last_part=parts - 1)

    def _holds(self, msn: int, part: int | None) -> bool:
        window = self.window
        if part is None or msn < window.last_msn:
            return window.last_msn >= msn
        is_whole = msn == window.last_msn
        segment = window.complete[-1] if is_whole else window.open
        if segment is None or segment.msn != msn:
            return False
        # A part after a segment's last one is the next segment's first (6.2.5.2).
        return len(segment.parts) > part or (is_whole and window.open is not None)

    def _is_ready(self) -> bool:
        window = self.window
        return bool(window.complete) or (window.is_paused and window.open is not None)

    def _check_ready(self) -> None:
        if self._is_withdrawn:
            raise Refused("not_found", "This rendition is no longer made.")
        if not self._is_ready():
            message = "This stream has no media yet."
            if self.window.is_finished:
                raise Refused("not_found", "This stream had no media.")
            raise Refused("not_found", message, retry_after_seconds=1)

    def _render(self, kind: Kind, is_delta: bool, is_first: bool) -> Rendered:
        window = self.window
        if kind == "multivariant":
            text = playlist.multivariant(window, "stream.m3u8")
        elif kind == "multivariant_ll":
            text = playlist.multivariant(window, "llhls.m3u8")
        elif not self._was_live:
            text = playlist.recording(window)
        elif kind == "plain":
            text = playlist.plain(window)
        else:
            reports = [
                playlist.report(hls_stream.window, f"../../{uid}/manifest/llhls.m3u8")
                for uid, hls_stream in self.siblings.items()
                if hls_stream._is_ready()
            ]
            text = playlist.low_latency(
                window, is_delta=is_delta, is_first=is_first, reports=reports
            )
        body = text.encode()
        etag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
        # Live playlists are polled: a cache may serve many players at once, but never an old live
        # edge.
        max_age_seconds = 60 if window.is_recording else 0 if kind == "low_latency" else 1
        return Rendered(body, etag, window.is_finished, max_age_seconds)

    def _parse(self, name: str) -> tuple[str, int, bool]:
        """The kind, the number, and whether all of a segment is meant that has a shorter form."""
        match = _NAME.fullmatch(name)
        if match is None or (match[1] == "init") != (match[4] == "mp4"):
            raise _no_such(name)
        kind, number, is_whole = match[1], int(match[2]), match[3] is not None
        shorter = self._lengths_at_pause.get(number) if kind == "seg" else None
        if is_whole and (shorter is None or self._length_of(number) <= shorter):
            raise _no_such(name)
        return kind, number, is_whole

    def _init_source(self, number: int) -> Source:
        init = self._inits.get(number)
        if init is None:
            raise _no_such(f"init-{number}.mp4")
        content = self._init_contents.get(number)
        return FileRange(self.folder / init.name, 0, init.length) if content is None else content

    def _listed_source(self, msn: int) -> Source:
        """Return a segment by its own address, of the length at which a pause listed it."""
        source = self._segment_source(msn)
        length = self._lengths_at_pause.get(msn) if self._was_live else None
        if length is None:
            return source
        return source[:length] if isinstance(source, bytes) else source._replace(length=length)

    def _segment_source(self, msn: int) -> Source:
        name = f"seg-{msn}.m4s"
        opened = self.window.open
        if opened is not None and opened.msn == msn and self.window.is_paused:
            return opened.content() or FileRange(self.folder / name, 0, opened.length)
        length = self._length_of(msn)
        if length < 0:
            raise _no_such(name)
        for segment in self._fresh:
            if segment.msn == msn and (content := segment.content()) is not None:
                return content
        return FileRange(self.folder / name, 0, length)

    def _part_source(self, number: int) -> Source:
        window = self.window
        opened = [window.open] if window.open is not None else []
        for segment in chain(opened, reversed(window.complete), reversed(window.left)):
            first = segment.parts[0].number if segment.parts else segment.first_part
            index = number - first
            if index >= 0:
                if index < len(segment.parts):
                    return self._stored(segment, segment.parts[index])
                if index < segment.part_count:
                    return self._dropped(segment, number)
                break  # Older segments have older parts.
        raise _no_such(f"part-{number}.m4s")

    def _dropped(self, segment: Segment, number: int) -> Source:
        """The source of a part whose record was dropped."""
        index = number - self._first_part
        offset = self._part_ends[index - 1] if number > segment.first_part else 0
        length = self._part_ends[index] - offset
        return FileRange(self.folder / segment.name, offset, length)

    def _stored(self, segment: Segment, part: StoredPart) -> Source:
        if part.content is not None:
            return part.content
        return FileRange(self.folder / segment.name, part.offset, part.length)


def _no_such(name: str) -> Refused:
    return Refused("not_found", "There is no such media file.", name=name[:80])
