"""What RFC 8216bis asks of playlists, rule by rule. Each rule has a name and cites its section.

`check_media` judges one playlist, `check_reload` a playlist and its later self, `check_multivariant`
the playlist of playlists. They return the names of the rules that are broken, so that a test can
say `== []`, and the rules' own tests which one they broke.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

T = TypeVar("T")
Attributes = dict[str, str]

# Tag: the lowest EXT-X-VERSION that allows it (section 8). INDEPENDENT-SEGMENTS and parts need none.
_VERSIONS = {"EXT-X-MAP": 6, "EXT-X-GAP": 8, "EXT-X-SKIP": 9}
_ONCE = (
    "EXT-X-VERSION",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-PART-INF",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-ENDLIST",
    "EXT-X-SKIP",
    "EXT-X-INDEPENDENT-SEGMENTS",
)
_KNOWN = {
    *_ONCE,
    "EXTM3U",
    "EXTINF",
    "EXT-X-MAP",
    "EXT-X-PART",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-DISCONTINUITY",
    "EXT-X-GAP",
    "EXT-X-STREAM-INF",
}
_BEFORE_SEGMENTS = _ONCE[:6]


@dataclass
class Part:
    uri: str
    duration: float
    is_independent: bool


@dataclass
class Segment:
    """`uri` is None for the one that is not complete."""

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
        return _int(self.value("EXT-X-TARGETDURATION")) or 0

    @property
    def part_target(self) -> float:
        return float(self.attributes("EXT-X-PART-INF").get("PART-TARGET", 0))

    @property
    def all_segments(self) -> list[Segment]:
        return [*self.segments, *([self.open] if self.open else [])]


def parse(text: str) -> Playlist:
    """Lenient: what is wrong is for the rules to say."""
    lines = text.splitlines()
    tags = [_tag(line) for line in lines if line.startswith("#EXT")]
    playlist = Playlist(lines, tags)
    playlist.media_sequence = _int(playlist.value("EXT-X-MEDIA-SEQUENCE")) or 0
    playlist.skipped = _int(playlist.attributes("EXT-X-SKIP").get("SKIPPED-SEGMENTS")) or 0
    _Reader(playlist).read()
    return playlist


class _Reader:
    def __init__(self, playlist: Playlist) -> None:
        self.playlist = playlist
        self.init: str | None = None
        self.discontinuity = _int(playlist.value("EXT-X-DISCONTINUITY-SEQUENCE")) or 0
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
        elif name == "EXT-X-PART":
            given = attributes(value)
            self._current().parts.append(
                Part(
                    given.get("URI", ""),
                    float(given.get("DURATION", 0)),
                    given.get("INDEPENDENT") == "YES",
                )
            )
        elif name == "EXTINF":
            self._current().duration = float(value.partition(",")[0])
        elif name == "EXT-X-PROGRAM-DATE-TIME":
            self._current().date = datetime.fromisoformat(value.replace("Z", "+00:00"))
        elif name == "EXT-X-GAP":
            self._current().is_gap = True


def attributes(text: str) -> Attributes:
    """An attribute list (4.2), quotes taken off."""
    found = re.findall(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)', text)
    return {name: value.strip('"') for name, value in found}


def _tag(line: str) -> tuple[str, str]:
    name, _, value = line[1:].partition(":")
    return name, value


def _int(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


# One playlist by itself.

Rule = Callable[[Playlist], bool]


def check_media(text: str) -> list[str]:
    """The broken rules of one media playlist; empty is good."""
    return _broken(MEDIA_RULES, parse(text))


def starts_with_extm3u(playlist: Playlist) -> bool:
    """4.4.1.1: it MUST be the first line."""
    return playlist.lines[:1] == ["#EXTM3U"]


def every_tag_is_known(playlist: Playlist) -> bool:
    """4.1: others are ignored by clients; ours would be a typing error."""
    return all(name in _KNOWN for name, _ in playlist.tags)


def version_allows_every_tag(playlist: Playlist) -> bool:
    """4.4.1.2 and 8."""
    version = _int(playlist.value("EXT-X-VERSION")) or 1
    return all(version >= _VERSIONS.get(name, 1) for name, _ in playlist.tags)


def header_tags_come_once(playlist: Playlist) -> bool:
    """4.4.3: there MUST NOT be more than one of each."""
    names = [name for name, _ in playlist.tags]
    return all(names.count(name) <= 1 for name in _ONCE)


def header_comes_before_segments(playlist: Playlist) -> bool:
    """4.4.3.2 and 4.4.3.3: sequences MUST appear before the first segment."""
    names = [name for name, _ in playlist.tags]
    first = min((names.index(n) for n in ("EXTINF", "EXT-X-PART") if n in names), default=None)
    return first is None or all(name not in names[first:] for name in _BEFORE_SEGMENTS)


def has_target_duration(playlist: Playlist) -> bool:
    """4.4.3.1: it is REQUIRED."""
    return playlist.target > 0


def segments_fit_the_target_duration(playlist: Playlist) -> bool:
    """4.4.3.1: EXTINF rounded to the nearest integer MUST be at most the target duration."""
    return all(
        int((segment.duration or 0) + 0.5) <= playlist.target for segment in playlist.segments
    )


def every_segment_has_a_duration(playlist: Playlist) -> bool:
    """4.4.4.1: EXTINF is REQUIRED for each."""
    return all(segment.duration is not None for segment in playlist.segments)


def every_fmp4_segment_has_a_map(playlist: Playlist) -> bool:
    """3.1.2: each fMP4 segment MUST have an EXT-X-MAP applied to it."""
    listed = [segment for segment in playlist.all_segments if segment.init is None]
    return bool(playlist.skipped) or not listed


def a_new_map_comes_with_a_discontinuity(playlist: Playlist) -> bool:
    """4.4.4.3: a change of encoding parameters or tracks is a discontinuity."""
    segments = playlist.all_segments
    return all(
        one.init == two.init or one.init is None or one.discontinuity != two.discontinuity
        for one, two in zip(segments, segments[1:], strict=False)
    )


def uris_come_once(playlist: Playlist) -> bool:
    """6.2.1: what a URI names is one segment or part, for ever."""
    uris = [segment.uri for segment in playlist.segments]
    uris += [part.uri for segment in playlist.all_segments for part in segment.parts]
    return len(uris) == len(set(uris)) and all(uris)


def parts_need_part_inf(playlist: Playlist) -> bool:
    """4.4.3.7: REQUIRED where there is an EXT-X-PART."""
    return not playlist.has("EXT-X-PART") or playlist.part_target > 0


def parts_fit_the_part_target(playlist: Playlist) -> bool:
    """4.4.3.7: each part's duration MUST be at most the part target."""
    return all(
        part.duration <= playlist.part_target + 1e-9
        for segment in playlist.all_segments
        for part in segment.parts
    )


def parts_are_nearly_as_long_as_the_target(playlist: Playlist) -> bool:
    """4.4.4.9: at least 85 % of it, except a segment's last, and the open segment's newest."""
    return all(
        part.duration >= 0.85 * playlist.part_target - 1e-5
        for segment in playlist.all_segments
        for part in segment.parts[:-1]
    )


def parts_add_up_to_their_segment(playlist: Playlist) -> bool:
    """4.4.4.9: a segment is the concatenation of its parts. EXTINF is rounded to 5 places."""
    return all(
        not segment.parts
        or abs(sum(part.duration for part in segment.parts) - (segment.duration or 0))
        <= 1e-5 * (1 + len(segment.parts))
        for segment in playlist.segments
    )


def parts_are_listed_near_the_end_only(playlist: Playlist) -> bool:
    """4.4.4.9: they SHOULD go when they are three target durations from the end."""
    behind = 0.0
    for segment in reversed(playlist.all_segments):
        if behind >= 3 * playlist.target and segment.parts:
            return False
        own = segment.duration
        behind += own if own is not None else sum(part.duration for part in segment.parts)
    return True


def a_segment_begins_independent_where_all_are(playlist: Playlist) -> bool:
    """4.4.2.1: EXT-X-INDEPENDENT-SEGMENTS promises it of every segment."""
    if not playlist.has("EXT-X-INDEPENDENT-SEGMENTS"):
        return True
    return all(
        segment.parts[0].is_independent for segment in playlist.all_segments if segment.parts
    )


def server_control_holds_back_enough(playlist: Playlist) -> bool:
    """4.4.3.8: HOLD-BACK at least 3 target durations, PART-HOLD-BACK at least 3 part targets
    (SHOULD; at least 2 MUST), CAN-SKIP-UNTIL at least 6 target durations."""
    given = playlist.attributes("EXT-X-SERVER-CONTROL")
    floors = {
        "HOLD-BACK": 3.0 * playlist.target,
        "PART-HOLD-BACK": 3 * playlist.part_target,
        "CAN-SKIP-UNTIL": 6.0 * playlist.target,
    }
    return all(float(given[name]) >= floors[name] for name in floors if name in given)


def parts_need_server_control(playlist: Playlist) -> bool:
    """4.4.3.8: PART-HOLD-BACK is REQUIRED beside EXT-X-PART-INF, and blocking reload with hints."""
    given = playlist.attributes("EXT-X-SERVER-CONTROL")
    if playlist.has("EXT-X-PART-INF") and "PART-HOLD-BACK" not in given:
        return False
    return not playlist.has("EXT-X-PRELOAD-HINT") or given.get("CAN-BLOCK-RELOAD") == "YES"


def hints_name_what_comes_next(playlist: Playlist) -> bool:
    """4.4.5.3: a hinted part is not listed yet. Ours follows the last one by number."""
    hint = playlist.attributes("EXT-X-PRELOAD-HINT").get("URI")
    if hint is None:
        return True
    uris = [part.uri for segment in playlist.all_segments for part in segment.parts]
    return not uris or _number(hint) == _number(uris[-1]) + 1


def a_finished_playlist_hints_at_nothing(playlist: Playlist) -> bool:
    """4.4.3.4 with 4.4.5.3: no more is added after EXT-X-ENDLIST."""
    if not playlist.has("EXT-X-ENDLIST"):
        return True
    return not playlist.has("EXT-X-PRELOAD-HINT") and playlist.open is None


def a_vod_is_finished(playlist: Playlist) -> bool:
    """4.4.3.5: a VOD playlist MUST NOT change, so it has its end and begins at its beginning."""
    if playlist.value("EXT-X-PLAYLIST-TYPE") != "VOD":
        return True
    return playlist.has("EXT-X-ENDLIST") and playlist.media_sequence == 0


def dates_follow_the_durations(playlist: Playlist) -> bool:
    """4.4.4.6: within a discontinuity dates and durations agree (to 20 ms here)."""
    dated = [segment for segment in playlist.all_segments if segment.date is not None]
    for one, two in zip(dated, dated[1:], strict=False):
        if one.date is None or two.date is None or one.discontinuity != two.discontinuity:
            continue
        if two.msn != one.msn + 1 or one.duration is None:
            continue
        drift = two.date - one.date - timedelta(seconds=one.duration)
        if abs(drift) > timedelta(milliseconds=20):
            return False
    return True


def dates_grow(playlist: Playlist) -> bool:
    """4.4.4.6."""
    dates = [segment.date for segment in playlist.all_segments if segment.date is not None]
    return dates == sorted(dates)


def a_delta_skips_no_more_than_it_may(playlist: Playlist) -> bool:
    """4.4.5.2 and 6.2.5.1: what is within the skip boundary of the end is listed."""
    if not playlist.skipped:
        return not playlist.has("EXT-X-SKIP")
    until = float(playlist.attributes("EXT-X-SERVER-CONTROL").get("CAN-SKIP-UNTIL", 0))
    opened = playlist.open.parts if playlist.open else []
    listed = sum(segment.duration or 0 for segment in playlist.segments)
    return until > 0 and listed + sum(part.duration for part in opened) >= until - 1e-3


MEDIA_RULES: tuple[Rule, ...] = (
    starts_with_extm3u,
    every_tag_is_known,
    version_allows_every_tag,
    header_tags_come_once,
    header_comes_before_segments,
    has_target_duration,
    segments_fit_the_target_duration,
    every_segment_has_a_duration,
    every_fmp4_segment_has_a_map,
    a_new_map_comes_with_a_discontinuity,
    uris_come_once,
    parts_need_part_inf,
    parts_fit_the_part_target,
    parts_are_nearly_as_long_as_the_target,
    parts_add_up_to_their_segment,
    parts_are_listed_near_the_end_only,
    a_segment_begins_independent_where_all_are,
    server_control_holds_back_enough,
    parts_need_server_control,
    hints_name_what_comes_next,
    a_finished_playlist_hints_at_nothing,
    a_vod_is_finished,
    dates_follow_the_durations,
    dates_grow,
    a_delta_skips_no_more_than_it_may,
)


# A playlist and its later self.

ReloadRule = Callable[[Playlist, Playlist], bool]


def check_reload(before: str, after: str) -> list[str]:
    """The rules that the step from one answer to a later one of the same address breaks."""
    one, two = parse(before), parse(after)
    return [rule.__name__ for rule in RELOAD_RULES if not rule(one, two)]


def the_target_duration_stays(one: Playlist, two: Playlist) -> bool:
    """6.2.1: it is not among what may change."""
    return one.target == two.target


def the_part_target_stays(one: Playlist, two: Playlist) -> bool:
    """6.2.1, as above."""
    return one.part_target == two.part_target


def sequence_numbers_do_not_go_back(one: Playlist, two: Playlist) -> bool:
    """4.4.3.2 and 6.2.2: they grow by one for each segment that left."""
    return two.media_sequence >= one.media_sequence and _last(two) >= _last(one)


def discontinuity_sequence_counts_what_left(one: Playlist, two: Playlist) -> bool:
    """6.2.2: a segment's discontinuity number is the same in every playlist that lists it."""
    if two.skipped or one.skipped:
        return True
    later = {segment.msn: segment.discontinuity for segment in two.all_segments}
    return all(
        later.get(segment.msn, segment.discontinuity) == segment.discontinuity
        for segment in one.all_segments
    )


def what_was_listed_stays_the_same(one: Playlist, two: Playlist) -> bool:
    """6.2.1: segments are appended and removed, never altered."""
    later = {segment.msn: segment for segment in two.segments}
    for segment in one.segments:
        same = later.get(segment.msn)
        if same and (same.uri, same.duration) != (segment.uri, segment.duration):
            return False
    return True


def parts_only_join_at_the_end(one: Playlist, two: Playlist) -> bool:
    """6.2.1 and 4.4.4.9: a part that is listed stays what it is."""
    later = {segment.msn: segment for segment in two.all_segments}
    for segment in one.all_segments:
        same = later.get(segment.msn)
        if same is None or not same.parts or not segment.parts:
            continue
        if same.parts[: len(segment.parts)] != segment.parts:
            return False
    return True


def hints_come_true(one: Playlist, two: Playlist) -> bool:
    """4.4.5.3: what was hinted at is the next part, unless the stream ended."""
    hint = one.attributes("EXT-X-PRELOAD-HINT").get("URI")
    if hint is None or one.attributes("EXT-X-PRELOAD-HINT") == two.attributes("EXT-X-PRELOAD-HINT"):
        return True
    seen = {part.uri for segment in one.all_segments for part in segment.parts}
    new = [p.uri for segment in two.all_segments for p in segment.parts if p.uri not in seen]
    if not new:
        return two.has("EXT-X-ENDLIST") or not two.has("EXT-X-PART")
    return hint in new


def dates_stay(one: Playlist, two: Playlist) -> bool:
    """4.4.4.6: a segment's date is the same in every playlist."""
    later = {segment.msn: segment.date for segment in two.all_segments}
    return all(
        later.get(segment.msn, segment.date) == segment.date for segment in one.all_segments
    )


def the_end_is_the_end(one: Playlist, two: Playlist) -> bool:
    """4.4.3.4: nothing is added after EXT-X-ENDLIST."""
    return not one.has("EXT-X-ENDLIST") or (two.has("EXT-X-ENDLIST") and _last(one) == _last(two))


RELOAD_RULES: tuple[ReloadRule, ...] = (
    the_target_duration_stays,
    the_part_target_stays,
    sequence_numbers_do_not_go_back,
    discontinuity_sequence_counts_what_left,
    what_was_listed_stays_the_same,
    parts_only_join_at_the_end,
    hints_come_true,
    dates_stay,
    the_end_is_the_end,
)


# The playlist of playlists.


def check_multivariant(text: str) -> list[str]:
    """The broken rules of a multivariant playlist."""
    return _broken(MULTIVARIANT_RULES, parse(text))


def every_variant_has_an_address(playlist: Playlist) -> bool:
    """4.4.6.2: the URI line that follows the tag is REQUIRED."""
    following = zip(playlist.lines, [*playlist.lines[1:], ""], strict=True)
    variants = [after for line, after in following if line.startswith("#EXT-X-STREAM-INF:")]
    return bool(variants) and all(after and not after.startswith("#") for after in variants)


def variants_say_what_they_need(playlist: Playlist) -> bool:
    """4.4.6.2: BANDWIDTH is REQUIRED, CODECS SHOULD be there; of video RESOLUTION and FRAME-RATE."""
    needed = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS"}
    for name, value in playlist.tags:
        if name == "EXT-X-STREAM-INF":
            given = attributes(value)
            is_video = re.search(r"avc1|hvc1|av01|vp09", given.get("CODECS", "")) is not None
            if not needed <= given.keys() or is_video != ("RESOLUTION" in given):
                return False
    return True


def attribute_values_have_their_form(playlist: Playlist) -> bool:
    """4.2 and 4.4.6.2: integers, WxH, three decimals, a quoted list without spaces."""
    forms = {
        "BANDWIDTH": r"[1-9][0-9]*",
        "AVERAGE-BANDWIDTH": r"[1-9][0-9]*",
        "RESOLUTION": r"[1-9][0-9]*x[1-9][0-9]*",
        "FRAME-RATE": r"[0-9]+\.[0-9]{3}",
        "CODECS": r"[A-Za-z0-9.]+(,[A-Za-z0-9.]+)*",
    }
    variants = [attributes(value) for name, value in playlist.tags if name == "EXT-X-STREAM-INF"]
    return all(
        re.fullmatch(forms[name], value) for given in variants for name, value in given.items()
    )


def bandwidth_is_a_peak(playlist: Playlist) -> bool:
    """4.4.6.2: the average is not above it."""
    variants = [attributes(value) for name, value in playlist.tags if name == "EXT-X-STREAM-INF"]
    return all(
        int(given.get("BANDWIDTH", 0)) >= int(given.get("AVERAGE-BANDWIDTH", 0))
        for given in variants
    )


def it_has_no_media_tags(playlist: Playlist) -> bool:
    """4.4.3 and 4.4.4: those are for media playlists."""
    media = {"EXTINF", "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-PART", "EXT-X-MAP"}
    return not any(name in media for name, _ in playlist.tags)


MULTIVARIANT_RULES: tuple[Rule, ...] = (
    starts_with_extm3u,
    every_tag_is_known,
    version_allows_every_tag,
    header_tags_come_once,
    every_variant_has_an_address,
    variants_say_what_they_need,
    attribute_values_have_their_form,
    bandwidth_is_a_peak,
    it_has_no_media_tags,
)


def _broken(rules: tuple[Rule, ...], playlist: Playlist) -> list[str]:
    return [rule.__name__ for rule in rules if not rule(playlist)]


def _number(uri: str) -> int:
    return int(re.findall(r"[0-9]+", uri)[-1])


def _last(playlist: Playlist) -> int:
    opened = playlist.open
    return (opened or playlist.segments[-1]).msn if opened or playlist.segments else -1


def pairs(playlists: list[T]) -> Iterator[tuple[T, T]]:
    """Each with the one after it."""
    return zip(playlists, playlists[1:], strict=False)
