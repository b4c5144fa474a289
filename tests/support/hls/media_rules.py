"""The requirements of RFC 8216bis for one media playlist. A rule is a function; its name is the
claim.

`check_media` returns the names of the broken rules, so that a test can say `== []`.
"""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from tests.support.hls.text import Playlist, number, parse, whole

# The lowest EXT-X-VERSION that allows a tag (section 8).
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


Rule = Callable[[Playlist], bool]


def check_media(text: str) -> list[str]:
    """The broken rules of one media playlist; an empty list is good."""
    return broken(MEDIA_RULES, parse(text))


def starts_with_extm3u(playlist: Playlist) -> bool:
    """4.4.1.1: it MUST be the first line."""
    return playlist.lines[:1] == ["#EXTM3U"]


def every_tag_is_known(playlist: Playlist) -> bool:
    """4.1: clients ignore unknown tags, so one of ours would be a typing error."""
    return all(name in _KNOWN for name, _ in playlist.tags)


def version_allows_every_tag(playlist: Playlist) -> bool:
    """4.4.1.2 and 8."""
    version = whole(playlist.value("EXT-X-VERSION")) or 1
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
        for one, two in pairwise(segments)
    )


def uris_come_once(playlist: Playlist) -> bool:
    """6.2.1: a URI names one segment or part for ever; a segment may be its own only part."""
    uris = [segment.uri for segment in playlist.segments]
    uris += [
        part.uri
        for segment in playlist.all_segments
        for part in segment.parts
        if [part.uri] != [segment.uri] or len(segment.parts) > 1
    ]
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
    values = playlist.attributes("EXT-X-SERVER-CONTROL")
    floors = {
        "HOLD-BACK": 3.0 * playlist.target,
        "PART-HOLD-BACK": 3 * playlist.part_target,
        "CAN-SKIP-UNTIL": 6.0 * playlist.target,
    }
    return all(float(values[name]) >= floors[name] for name in floors if name in values)


def parts_need_server_control(playlist: Playlist) -> bool:
    """4.4.3.8: PART-HOLD-BACK is REQUIRED with EXT-X-PART-INF, and blocking reload with hints."""
    values = playlist.attributes("EXT-X-SERVER-CONTROL")
    if playlist.has("EXT-X-PART-INF") and "PART-HOLD-BACK" not in values:
        return False
    return not playlist.has("EXT-X-PRELOAD-HINT") or values.get("CAN-BLOCK-RELOAD") == "YES"


def hints_name_what_comes_next(playlist: Playlist) -> bool:
    """4.4.5.3: a hinted part is not listed yet. Ours has the number after the last listed one."""
    hint = playlist.attributes("EXT-X-PRELOAD-HINT").get("URI")
    if hint is None:
        return True
    uris = [part.uri for segment in playlist.all_segments for part in segment.parts]
    return not uris or number(hint) == number(uris[-1]) + 1


def a_finished_playlist_hints_at_nothing(playlist: Playlist) -> bool:
    """4.4.3.4 with 4.4.5.3: nothing is added after EXT-X-ENDLIST."""
    if not playlist.has("EXT-X-ENDLIST"):
        return True
    return not playlist.has("EXT-X-PRELOAD-HINT") and playlist.open is None


def a_vod_is_finished(playlist: Playlist) -> bool:
    """4.4.3.5: a VOD playlist MUST NOT change, so it has its end and begins at its beginning."""
    if playlist.value("EXT-X-PLAYLIST-TYPE") != "VOD":
        return True
    return playlist.has("EXT-X-ENDLIST") and playlist.media_sequence == 0


def an_event_begins_at_its_beginning(playlist: Playlist) -> bool:
    """4.4.3.5: segments can only be added to its end, so none has been removed."""
    return playlist.value("EXT-X-PLAYLIST-TYPE") != "EVENT" or playlist.media_sequence == 0


def dates_follow_the_durations(playlist: Playlist) -> bool:
    """4.4.4.6: within a discontinuity dates and durations agree (to 20 ms here)."""
    dated = [segment for segment in playlist.all_segments if segment.date is not None]
    for one, two in pairwise(dated):
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
    """4.4.5.2 and 6.2.5.1: segments within the skip boundary of the end are listed."""
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
    an_event_begins_at_its_beginning,
    dates_follow_the_durations,
    dates_grow,
    a_delta_skips_no_more_than_it_may,
)


def broken(rules: tuple[Rule, ...], playlist: Playlist) -> list[str]:
    """The names of the rules that do not hold."""
    return [rule.__name__ for rule in rules if not rule(playlist)]
