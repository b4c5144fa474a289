"""Init, StoredPart and Segment: the contents of a window.

Durations are ticks of 1/90,000 s. A segment only knows where its bytes are; `read` alone touches
the disk.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.media.packets import Track, VideoTrack

log = logging.getLogger(__name__)


class FileRange(NamedTuple):
    """`length` bytes of `path` from `offset` on."""

    path: Path
    offset: int
    length: int


Source = bytes | FileRange


def read(source: Source) -> bytes:
    """Read the bytes. Blocks on the disk: for threads, never for the event loop.

    Refuses (`not_found`) bytes that the disk has lost, with a warning in the log.
    """
    if isinstance(source, bytes):
        return source
    with not_missing(source.path):
        with source.path.open("rb") as file:
            file.seek(source.offset)
            content = file.read(source.length)
        if len(content) < source.length:
            raise FileNotFoundError(f"the file ends before byte {source.offset + source.length}")
    return content


@contextmanager
def not_missing(path: Path) -> Iterator[None]:
    """Refuse (`not_found`) a file that the index of a recording names but the disk has lost."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        log.warning("a media file is missing on the disk file=%s error=%s", path, error)
        raise Refused("not_found", "This media file is missing on the server's disk.") from None


def source_length(source: Source) -> int:
    """The number of bytes that `read` will return."""
    return len(source) if isinstance(source, bytes) else source.length


class Init(Struct, frozen=True):
    """An init segment and the properties of its tracks that a multivariant playlist lists.

    `codecs` is the RFC 6381 list of all tracks, video first; sizes are those of the displayed
    picture, 0 without video. `video_range` is as in a playlist, `SDR` without video.
    """

    number: int
    codecs: str
    width: int
    height: int
    length: int
    video_range: str = "SDR"

    @property
    def name(self) -> str:
        return f"init-{self.number}.mp4"


def init_of(number: int, tracks: Sequence[Track], length: int) -> Init:
    """Describe an init segment for these tracks."""
    video = next((track for track in tracks if isinstance(track, VideoTrack)), None)
    return Init(
        number=number,
        codecs=",".join(track.codecs for track in tracks),
        width=video.display_width if video else 0,
        height=video.height if video else 0,
        length=length,
        video_range=video.video_range if video else "SDR",
    )


class StoredPart(Struct, gc=False):
    """A part inside its segment's file. `number` counts all parts of the stream, over segments.

    `content` is None once it is only on disk; the writer's thread sets `is_written`.
    """

    number: int
    offset: int
    length: int
    duration: int
    is_independent: bool
    content: bytes | None
    is_written: bool = False

    @property
    def name(self) -> str:
        return f"part-{self.number}.m4s"


class Segment(Struct, gc=False):
    """Consecutive parts in one file. `start` is on the stream's own timeline.

    `program_ms` is the time of its first frame; `frames` counts its video frames (0: none). `parts`
    is emptied when the segment is too old to be listed by part; `first_part` and `part_count` keep
    their numbers. `listed` is its text in a playlist, stored by `playlist` once the segment is
    complete. `duration_at_pause` is its duration when its publisher left, 0 if none left: players
    that load whole segments have had that much of it. `late_parts` are its parts that came after
    that; such players get them as segments.
    """

    msn: int
    init: Init
    start: int
    program_ms: float
    starts_discontinuity: bool
    is_independent: bool
    duration: int = 0
    length: int = 0
    frames: int = 0
    is_gap: bool = False
    listed: str = ""
    parts: tuple[StoredPart, ...] = ()
    first_part: int = 0
    part_count: int = 0
    duration_at_pause: int = 0
    length_at_pause: int = 0
    late_parts: tuple[StoredPart, ...] = ()

    @property
    def name(self) -> str:
        return f"seg-{self.msn}.m4s"

    @property
    def has_grown(self) -> bool:
        """Whether it has grown since it was listed in a pause."""
        return 0 < self.length_at_pause < self.length

    @property
    def whole_name(self) -> str:
        """The name of the whole segment; what was listed of it in a pause keeps its own name."""
        return f"seg-{self.msn}-whole.m4s" if self.has_grown else self.name

    @property
    def end(self) -> int:
        return self.start + self.duration

    def add(self, part: StoredPart, frames: int) -> None:
        self.parts += (part,)
        self.duration += part.duration
        self.length += part.length
        self.frames += frames

    def content(self) -> bytes | None:
        """The segment's bytes, if every part is still in memory."""
        pieces = [part.content for part in self.parts]
        if not pieces or sum(part.length for part in self.parts) != self.length:
            return None
        if any(piece is None for piece in pieces):
            return None
        return b"".join(piece for piece in pieces if piece is not None)

    def drop_parts(self) -> None:
        """Drop the records of its parts, which only a playlist needs.

        A stream has thousands of them.
        """
        if self.parts:
            self.first_part, self.part_count = self.parts[0].number, len(self.parts)
            self.parts = ()

    def drop_content(self) -> bool:
        """Drop its bytes from memory once all of them are on disk, from where it is read then.

        True once none of its bytes are in memory.
        """
        if not all(part.is_written for part in self.parts):
            return False
        for part in self.parts:
            part.content = None
        return True
