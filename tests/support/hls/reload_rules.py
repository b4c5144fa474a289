"""The requirements of RFC 8216bis for a playlist and a later version of it at the same address."""

from collections.abc import Callable

from tests.support.hls.text import Playlist, last_msn, parse

ReloadRule = Callable[[Playlist, Playlist], bool]


def check_reload(before: str, after: str) -> list[str]:
    """The rules that the change from one answer to a later one breaks."""
    one, two = parse(before), parse(after)
    return [rule.__name__ for rule in RELOAD_RULES if not rule(one, two)]


def the_target_duration_stays(one: Playlist, two: Playlist) -> bool:
    """6.2.1: the target duration is not in the list of allowed changes."""
    return one.target == two.target


def the_part_target_stays(one: Playlist, two: Playlist) -> bool:
    """6.2.1, as above."""
    return one.part_target == two.part_target


def the_type_stays(one: Playlist, two: Playlist) -> bool:
    """6.2.1, as above."""
    return one.value("EXT-X-PLAYLIST-TYPE") == two.value("EXT-X-PLAYLIST-TYPE")


def sequence_numbers_do_not_go_back(one: Playlist, two: Playlist) -> bool:
    """4.4.3.2 and 6.2.2: they grow by one for each removed segment."""
    return two.media_sequence >= one.media_sequence and last_msn(two) >= last_msn(one)


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
    """6.2.1 and 4.4.4.9: a listed part does not change."""
    later = {segment.msn: segment for segment in two.all_segments}
    for segment in one.all_segments:
        same = later.get(segment.msn)
        if same is None or not same.parts or not segment.parts:
            continue
        if same.parts[: len(segment.parts)] != segment.parts:
            return False
    return True


def hints_come_true(one: Playlist, two: Playlist) -> bool:
    """4.4.5.3: the hinted part is the next part, unless the stream ended."""
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
    return all(later.get(segment.msn, segment.date) == segment.date for segment in one.all_segments)


def the_end_is_the_end(one: Playlist, two: Playlist) -> bool:
    """4.4.3.4: nothing is added after EXT-X-ENDLIST."""
    return not one.has("EXT-X-ENDLIST") or (
        two.has("EXT-X-ENDLIST") and last_msn(one) == last_msn(two)
    )


RELOAD_RULES: tuple[ReloadRule, ...] = (
    the_target_duration_stays,
    the_part_target_stays,
    the_type_stays,
    sequence_numbers_do_not_go_back,
    discontinuity_sequence_counts_what_left,
    what_was_listed_stays_the_same,
    parts_only_join_at_the_end,
    hints_come_true,
    dates_stay,
    the_end_is_the_end,
)
