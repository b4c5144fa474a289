"""A lenient parser of playlists for the rules: the rules find the errors, not the parser."""

import re
from dataclasses import dataclass, field
from datetime import datetime

Attributes = dict[str, str]


@dataclass
class Part:
    uri: str
    duration: float
    is_independent: bool


@dataclass
class Segment:
    """One segment; `uri` is None for one that is not complete."""

    msn: int
    discontinuity: int
    init: str | None
    uri: str | None = None
    duration: float | None = None
    date: datetime | None = None
    is_gap: bool = False
    parts: list[Part] = field(default_factory=list)


@dataclass
class Playlist:
    lines: list[str]
    tags: list[tuple[str, str]]
    media_sequence: int = 0
    skipped: int = 0
    segments: list[Segment] = field(default_factory=list)
    open: Segment | None = None

    def value(self, tag: str) -> str | None:
        return next((value for name, value in self.tags if name == tag), None)

    def has(self, tag: str) -> bool:
        return self.value(tag) is not None

    def attributes(self, tag: str) -> Attributes:
        return attributes(self.value(tag) or "")

    @property
    def target(self) -> int:
        return whole(self.value("EXT-X-TARGETDURATION")) or 0

    @property
    def part_target(self) -> float:
        return float(self.attributes("EXT-X-PART-INF").get("PART-TARGET", 0))

    @property
    def all_segments(self) -> list[Segment]:
        return [*self.segments, *([self.open] if self.open else [])]


def parse(text: str) -> Playlist:
    """Parse a playlist, even one with errors."""
    lines = text.splitlines()
    tags = [_tag(line) for line in lines if line.startswith("#EXT")]
    playlist = Playlist(lines, tags)
    playlist.media_sequence = whole(playlist.value("EXT-X-MEDIA-SEQUENCE")) or 0
    playlist.skipped = whole(playlist.attributes("EXT-X-SKIP").get("SKIPPED-SEGMENTS")) or 0
    _Reader(playlist).read()
    return playlist


class _Reader:
    def __init__(self, playlist: Playlist) -> None:
        self.playlist = playlist
        self.init: str | None = None
        self.discontinuity = whole(playlist.value("EXT-X-DISCONTINUITY-SEQUENCE")) or 0
        self.msn = playlist.media_sequence + playlist.skipped
        self.segment: Segment | None = None

    def read(self) -> None:
        for line in self.playlist.lines:
            if line.startswith("#EXT"):
                self._take(*_tag(line))
            elif line and not line.startswith("#"):
                segment = self._current()
                segment.uri = line
                self.playlist.segments.append(segment)
                self.segment = None
                self.msn += 1
        self.playlist.open = self.segment

    def _current(self) -> Segment:
        if self.segment is None:
            self.segment = Segment(self.msn, self.discontinuity, self.init)
        return self.segment

    def _take(self, name: str, value: str) -> None:
        if name == "EXT-X-MAP":
            self.init = attributes(value).get("URI")
            if self.segment is not None:
                self.segment.init = self.init
        elif name == "EXT-X-DISCONTINUITY":
            self.discontinuity += 1
            if self.segment is not None:
                self.segment.discontinuity = self.discontinuity
        elif name in _OF_SEGMENTS:
            _note(self._current(), name, value)


_OF_SEGMENTS = {"EXT-X-PART", "EXTINF", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-GAP"}


def _note(segment: Segment, name: str, value: str) -> None:
    if name == "EXT-X-PART":
        values = attributes(value)
        duration = float(values.get("DURATION", 0))
        part = Part(values.get("URI", ""), duration, values.get("INDEPENDENT") == "YES")
        segment.parts.append(part)
    elif name == "EXTINF":
        segment.duration = float(value.partition(",")[0])
    elif name == "EXT-X-PROGRAM-DATE-TIME":
        segment.date = datetime.fromisoformat(value.replace("Z", "+00:00"))
    else:
        segment.is_gap = True


def attributes(text: str) -> Attributes:
    """An attribute list (4.2) as a dict, without quotes."""
    pairs = re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)', text)
    return {name: value.strip('"') for name, value in pairs}


def _tag(line: str) -> tuple[str, str]:
    name, _, value = line[1:].partition(":")
    return name, value


def whole(text: str | None) -> int | None:
    """The value of a decimal integer, or None."""
    return int(text) if text and text.isdigit() else None


def number(uri: str) -> int:
    """The number in a name like `part-57.m4s`; -1 if it has none."""
    match = re.search(r"-([0-9]+)\.", uri)
    return int(match[1]) if match else -1


def last_msn(playlist: Playlist) -> int:
    """The number of the newest segment, complete or not; -1 if there is none."""
    segments = playlist.all_segments
    return segments[-1].msn if segments else -1
