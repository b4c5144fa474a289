"""Tests of the validator: a good playlist breaks no rule; each mutation breaks its rule."""

from tests.support.hls.media_rules import check_media
from tests.support.hls.multivariant_rules import check_multivariant
from tests.support.hls.reload_rules import check_reload
from tests.support.tables import table

LIVE = """#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:1
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6.0,PART-HOLD-BACK=1.5,HOLD-BACK=3.0
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:1
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:1.00000,
seg-7.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:01.000Z
#EXT-X-PART:DURATION=0.50000,URI="part-70.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="part-71.m4s"
#EXTINF:1.00000,
seg-8.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:09.000Z
#EXT-X-PART:DURATION=0.50000,URI="part-72.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.45000,URI="part-73.m4s"
#EXTINF:0.95000,
seg-9.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:09.950Z
#EXT-X-PART:DURATION=0.50000,URI="part-74.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.50000,URI="part-75.m4s"
#EXT-X-PART:DURATION=0.50000,URI="part-76.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part-77.m4s"
"""
LATER = LIVE.replace(
    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-77.m4s\"",
    "#EXT-X-PART:DURATION=0.50000,URI=\"part-77.m4s\"\n"
    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part-78.m4s\"",
)  # fmt: skip
MULTIVARIANT = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=900,AVERAGE-BANDWIDTH=800,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=16x9
stream.m3u8
"""


def test_hls_rules_good_playlist_breaks_no_rule() -> None:
    assert check_media(LIVE) == []
    assert check_media(LATER) == []
    assert check_reload(LIVE, LATER) == []
    assert check_reload(LIVE, LIVE) == []
    assert check_multivariant(MULTIVARIANT) == []


@table(
    ("rule", "old", "new"),
    [
        ("starts_with_extm3u", "#EXTM3U\n", "\n#EXTM3U\n"),
        ("every_tag_is_known", "#EXT-X-PART-INF", "#EXT-X-PARTINF"),
        ("version_allows_every_tag", "VERSION:9", "VERSION:5"),
        ("version_allows_every_tag", "VERSION:9", "VERSION:7\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1"),
        ("header_tags_come_once", "#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n"),
        (
            "header_comes_before_segments",
            "seg-7.m4s\n",
            "seg-7.m4s\n#EXT-X-MEDIA-SEQUENCE:7\n",
        ),
        ("has_target_duration", "#EXT-X-TARGETDURATION:1\n", ""),
        ("segments_fit_the_target_duration", "#EXTINF:1.00000,\nseg-7", "#EXTINF:1.60000,\nseg-7"),
        ("every_segment_has_a_duration", "#EXTINF:1.00000,\nseg-7", "seg-7"),
        ("every_fmp4_segment_has_a_map", '#EXT-X-MAP:URI="init-0.mp4"\n', ""),
        ("a_new_map_comes_with_a_discontinuity", "#EXT-X-DISCONTINUITY\n", ""),
        ("uris_come_once", "seg-8.m4s", "seg-7.m4s"),
        ("parts_need_part_inf", "#EXT-X-PART-INF:PART-TARGET=0.5\n", ""),
        ("parts_fit_the_part_target", "PART-TARGET=0.5", "PART-TARGET=0.48"),
        ("parts_are_nearly_as_long_as_the_target", "PART-TARGET=0.5", "PART-TARGET=0.6"),
        ("parts_add_up_to_their_segment", "#EXTINF:0.95000", "#EXTINF:0.95100"),
        (
            "parts_are_listed_near_the_end_only",
            "#EXTINF:1.00000,\nseg-7",
            '#EXT-X-PART:DURATION=0.50000,URI="part-68.m4s",INDEPENDENT=YES\n'
            '#EXT-X-PART:DURATION=0.50000,URI="part-69.m4s"\n#EXTINF:1.00000,\nseg-7',
        ),
        (
            "a_segment_begins_independent_where_all_are",
            '"part-74.m4s",INDEPENDENT=YES',
            '"part-74.m4s"',
        ),
        ("server_control_holds_back_enough", ",HOLD-BACK=3.0", ",HOLD-BACK=2.9"),
        ("server_control_holds_back_enough", "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.4"),
        ("server_control_holds_back_enough", "SKIP-UNTIL=6.0", "SKIP-UNTIL=5.0"),
        ("parts_need_server_control", ",PART-HOLD-BACK=1.5", ""),
        ("parts_need_server_control", "CAN-BLOCK-RELOAD=YES,", ""),
        ("hints_name_what_comes_next", "part-77.m4s", "part-78.m4s"),
        (
            "a_finished_playlist_hints_at_nothing",
            "#EXT-X-PRELOAD",
            "#EXT-X-ENDLIST\n#EXT-X-PRELOAD",
        ),
        ("a_vod_is_finished", "#EXT-X-MEDIA", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA"),
        (
            "an_event_begins_at_its_beginning",
            "#EXT-X-MEDIA",
            "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA",
        ),
        ("dates_follow_the_durations", "00:00:01.000Z", "00:00:01.100Z"),
        ("dates_grow", "00:00:09.950Z", "00:00:00.950Z"),
        (
            "a_delta_skips_no_more_than_it_may",
            '#EXT-X-MAP:URI="init-0.mp4"',
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=3",
        ),
    ],
)  # fmt: skip
def test_hls_rules_mutated_playlist_breaks_its_rule(rule: str, old: str, new: str) -> None:
    mutated = LIVE.replace(old, new, 1)
    assert mutated != LIVE
    assert rule in check_media(mutated)


@table(
    ("rule", "old", "new"),
    [
        ("the_target_duration_stays", "TARGETDURATION:1", "TARGETDURATION:2"),
        ("the_part_target_stays", "PART-TARGET=0.5", "PART-TARGET=0.51"),
        ("the_type_stays", "#EXT-X-MEDIA", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MEDIA"),
        ("sequence_numbers_do_not_go_back", "MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:6"),
        (
            "discontinuity_sequence_counts_what_left",
            "DISCONTINUITY-SEQUENCE:1",
            "DISCONTINUITY-SEQUENCE:2",
        ),
        ("what_was_listed_stays_the_same", "seg-7.m4s", "seg-7b.m4s"),
        ("what_was_listed_stays_the_same", "#EXTINF:1.00000,\nseg-8", "#EXTINF:0.99999,\nseg-8"),
        ("parts_only_join_at_the_end", '#EXT-X-PART:DURATION=0.50000,URI="part-74.m4s",', "#X"),
        ("hints_come_true", "part-77.m4s", "part-79.m4s"),
        ("dates_stay", "00:00:01.000Z", "00:00:01.001Z"),
    ],
)
def test_hls_rules_mutated_reload_breaks_its_rule(rule: str, old: str, new: str) -> None:
    mutated = LATER.replace(old, new, 1)
    assert mutated != LATER
    assert rule in check_reload(LIVE, mutated)


def test_hls_rules_nothing_may_follow_the_end() -> None:
    ended = LIVE.partition("#EXT-X-PRELOAD")[0] + "#EXT-X-ENDLIST\n"
    assert "the_end_is_the_end" in check_reload(ended, LATER)


@table(
    ("rule", "old", "new"),
    [
        ("starts_with_extm3u", "#EXTM3U", "#EXTM3U8"),
        ("every_variant_has_an_address", "stream.m3u8\n", ""),
        ("variants_say_what_they_need", ",RESOLUTION=16x9", ""),
        ("variants_say_what_they_need", "BANDWIDTH=900,", ""),
        ("attribute_values_have_their_form", "BANDWIDTH=900", "BANDWIDTH=900.5"),
        ("attribute_values_have_their_form", "avc1.64001f,mp4a", "avc1.64001f, mp4a"),
        ("bandwidth_is_a_peak", "BANDWIDTH=900", "BANDWIDTH=700"),
        ("it_has_no_media_tags", "stream.m3u8", "stream.m3u8\n#EXTINF:1,"),
    ],
)
def test_hls_rules_mutated_multivariant_breaks_its_rule(rule: str, old: str, new: str) -> None:
    mutated = MULTIVARIANT.replace(old, new, 1)
    assert mutated != MULTIVARIANT
    assert rule in check_multivariant(mutated)
