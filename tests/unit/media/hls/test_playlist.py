"""Playlists: every rule of RFC 8216bis at every step of a stream's life."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.media.hls import playlist
from emulator.media.hls.playlist import RenditionReport
from emulator.media.hls.segments import Init
from emulator.media.hls.window import Window
from tests.support.hls.media_rules import check_media
from tests.support.hls.multivariant_rules import check_multivariant
from tests.support.hls.reload_rules import check_reload
from tests.support.hls.text import attributes, parse
from tests.support.tables import table

PART_TICKS = 18_000


def window_of(*, dvr_seconds: float = 0, is_recording: bool = False) -> Window:
    window = Window(
        segment_ms=1000, part_ms=200, dvr_seconds=dvr_seconds, is_recording=is_recording
    )
    window.begin(Init(0, "avc1.64001f,mp4a.40.2", 1280, 720, 10))
    return window


def add(window: Window, parts: int, *, size: int = 1000, ticks: int = PART_TICKS) -> None:
    for _ in range(parts):
        start = window.segments[-1].end if window.segments else 0
        if window.open is not None and window.open.duration >= 90_000:
            window.end_segment()
        window.add(
            b"x" * size,
            start=start,
            duration=ticks,
            frames=6,
            is_independent=window.open is None,
            at_ms=1_767_225_600_000 + start // 90,
        )


def test_playlist_low_latency_has_parts_a_hint_and_finished_segments() -> None:
    window = window_of()
    add(window, 7)
    lines = playlist.low_latency(window).splitlines()
    assert '#EXT-X-PART:DURATION=0.20000,URI="../media/part-0.m4s",INDEPENDENT=YES' in lines
    assert lines[-1] == '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../media/part-7.m4s"'
    assert "../media/seg-0.m4s" in lines
    assert "../media/seg-1.m4s" not in lines
    assert "#EXT-X-MAP:URI=\"../media/init-0.mp4\"" in lines  # fmt: skip


def test_playlist_plain_has_whole_segments_and_nothing_of_low_latency() -> None:
    window = window_of()
    add(window, 12)
    text = playlist.plain(window)
    assert check_media(text) == []
    assert not any(tag in text for tag in ("PART", "HINT", "SERVER-CONTROL", "SKIP"))
    assert len(parse(text).segments) == 2


def test_playlist_lists_parts_for_three_target_durations_only() -> None:
    window = window_of()
    add(window, 100)
    listed = parse(playlist.low_latency(window))
    with_parts = [segment.msn for segment in listed.segments if segment.parts]
    assert with_parts == [14, 15, 16, 17, 18]
    assert len(listed.segments) == 19


def test_playlist_delta_update_skips_segments_beyond_six_target_durations() -> None:
    window = window_of()
    add(window, 101)
    text = playlist.low_latency(window, is_delta=True)
    delta = parse(text)
    assert check_media(text) == []
    assert delta.skipped == 8
    assert [segment.msn for segment in delta.segments] == [*range(8, 20)]
    assert "EXT-X-MAP" not in text
    assert parse(playlist.low_latency(window)).segments[8:] == [
        _with_init(segment, "../media/init-0.mp4") for segment in delta.segments
    ]


def test_playlist_delta_update_of_a_short_one_is_whole() -> None:
    window = window_of()
    add(window, 60)
    assert playlist.low_latency(window, is_delta=True) == playlist.low_latency(window)


def test_playlist_first_segment_after_a_discontinuity_has_its_init_segment() -> None:
    window = window_of()
    add(window, 5)
    window.begin(Init(1, "avc1.640028,mp4a.40.2", 1920, 1080, 10))
    add(window, 7)
    for text in (playlist.low_latency(window), playlist.plain(window)):
        assert check_media(text) == []
        assert text.count("#EXT-X-DISCONTINUITY\n") == 1
        assert [segment.init for segment in parse(text).segments] == [
            "../media/init-0.mp4",
            "../media/init-1.mp4",
        ]


def test_playlist_finished_has_an_end_and_no_hint() -> None:
    window = window_of()
    add(window, 8)
    before = playlist.low_latency(window)
    window.finish()
    text = playlist.low_latency(window)
    assert check_media(text) == check_reload(before, text) == []
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert playlist.plain(window).endswith("#EXT-X-ENDLIST\n")


def test_playlist_paused_has_no_hint_until_its_publisher_returns() -> None:
    window = window_of()
    add(window, 7)
    before = playlist.low_latency(window)
    add(window, 1)
    window.end_segment()
    window.pause()
    paused = playlist.low_latency(window)
    assert check_media(paused) == check_reload(before, paused) == []
    assert "EXT-X-PRELOAD-HINT" not in paused
    assert "EXT-X-ENDLIST" not in paused
    add(window, 1)
    assert "EXT-X-PRELOAD-HINT" in playlist.low_latency(window)


def test_playlist_without_a_window_is_an_event_to_its_end() -> None:
    window, sliding = window_of(), window_of(dvr_seconds=3)
    for texts in (playlist.plain, playlist.low_latency):
        add(window, 8)
        add(sliding, 8)
        assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in texts(window)
        assert "EXT-X-PLAYLIST-TYPE" not in texts(sliding)
    window.finish()
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in playlist.plain(window)
    assert "#EXT-X-PLAYLIST-TYPE:EVENT\n" in playlist.low_latency(window)


def test_playlist_recording_is_a_vod_with_its_longest_segment_as_target() -> None:
    window = window_of(is_recording=True)
    add(window, 23)
    window.finish()
    text = playlist.recording(window)
    assert check_media(text) == []
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
    assert parse(text).target == 1


def test_playlist_segment_without_bytes_is_a_gap() -> None:
    window = window_of(is_recording=True)
    add(window, 15)
    window.complete[1].is_gap = True
    window.finish()
    text = playlist.plain(window)
    assert check_media(text) == []
    assert [segment.is_gap for segment in parse(text).segments] == [False, True, False]


def test_playlist_reports_another_rendition() -> None:
    window = window_of()
    add(window, 3)
    text = playlist.low_latency(window, reports=[RenditionReport("../480p/llhls.m3u8", 3, 1)])
    report = parse(text).attributes("EXT-X-RENDITION-REPORT")
    assert report == {"URI": "../480p/llhls.m3u8", "LAST-MSN": "3", "LAST-PART": "1"}


def test_playlist_multivariant_has_the_measured_values() -> None:
    window = window_of()
    add(window, 5, size=1000)
    add(window, 5, size=2000)
    add(window, 1)
    text = playlist.multivariant(window, "stream.m3u8")
    assert check_multivariant(text) == []
    values = attributes(text.splitlines()[3])
    assert values == {
        "BANDWIDTH": "80000",
        "AVERAGE-BANDWIDTH": "60000",
        "CODECS": "avc1.64001f,mp4a.40.2",
        "RESOLUTION": "1280x720",
        "FRAME-RATE": "30.000",
        "CLOSED-CAPTIONS": "NONE",
    }


@table("video_range", ["SDR", "PQ", "HLG"])
def test_playlist_names_an_unusual_video_range(video_range: str) -> None:
    window = Window(segment_ms=1000, part_ms=200)
    window.begin(Init(0, "hvc1.2.4.L93.90", 1280, 720, 10, video_range))
    window.add(b"x", start=0, duration=18_000, frames=6, is_independent=True, at_ms=0)
    text = playlist.multivariant(window, "stream.m3u8")
    assert check_multivariant(text) == []
    named = attributes(text.splitlines()[3]).get("VIDEO-RANGE", "SDR")
    assert named == video_range


def test_playlist_does_not_deny_captions_inside_the_video() -> None:
    window = window_of()
    add(window, 2)
    assert "CLOSED-CAPTIONS=NONE" in playlist.multivariant(window, "stream.m3u8")
    window.add(
        b"x", start=36_000, duration=18_000, frames=6, is_independent=False, at_ms=400,
        has_captions=True,
    )  # fmt: skip
    assert "CLOSED-CAPTIONS" not in playlist.multivariant(window, "stream.m3u8")


def test_playlist_audio_only_has_neither_resolution_nor_frame_rate() -> None:
    window = Window(segment_ms=1000, part_ms=200)
    window.begin(Init(0, "mp4a.40.2", 0, 0, 10))
    window.add(b"x", start=0, duration=18_000, frames=0, is_independent=True, at_ms=0)
    text = playlist.multivariant(window, "stream.m3u8")
    assert check_multivariant(text) == []
    assert "RESOLUTION" not in text
    assert "FRAME-RATE" not in text


def test_playlist_names_every_codec_that_a_player_will_meet() -> None:
    window = window_of()
    add(window, 5)
    window.begin(Init(1, "hvc1.1.6.L93.B0,mp4a.40.2", 640, 360, 10))
    add(window, 5)
    text = playlist.multivariant(window, "stream.m3u8")
    assert 'CODECS="hvc1.1.6.L93.B0,mp4a.40.2,avc1.64001f"' in text
    assert "RESOLUTION=640x360" in text


@table(
    ("segment_ms", "part_ms", "parts", "expected"),
    [
        # Six, three part targets (of 19,459 ticks) and three target durations, exactly (4.4.3.8).
        (1_000, 200, 6, "CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=0.649,HOLD-BACK=6.0"),
        (2_000, 200, 6, "CAN-SKIP-UNTIL=24.0,PART-HOLD-BACK=0.649,HOLD-BACK=12.0"),
        # 48,648 ticks a part.
        (1_000, 500, 6, "CAN-SKIP-UNTIL=12.0,PART-HOLD-BACK=1.622,HOLD-BACK=6.0"),
        # Rare key frames: every ten seconds.
        (1_000, 200, 40, "CAN-SKIP-UNTIL=60.0,PART-HOLD-BACK=0.649,HOLD-BACK=30.0"),
    ],
)
def test_playlist_server_control_says_no_more_and_no_less_than_the_rules(
    segment_ms: int, part_ms: int, parts: int, expected: str
) -> None:
    window = Window(segment_ms=segment_ms, part_ms=part_ms)
    window.begin(Init(0, "avc1.64001f", 16, 9, 10))
    for number in range(parts):
        window.add(
            b"x",
            start=number * PART_TICKS,
            duration=PART_TICKS,
            frames=6,
            is_independent=number == 0,
            at_ms=0,
        )
    window.end_segment()
    lines = playlist.low_latency(window).splitlines()
    assert f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,{expected}" in lines


def test_playlist_report_says_the_last_segment_and_part() -> None:
    window = window_of()
    add(window, 1)
    assert playlist.report(window, "u") == RenditionReport("u", 0, 0)
    add(window, 6)
    # Segment 1 is open, with two parts: number 0 and number 1 of it (4.4.5.4).
    assert playlist.report(window, "u") == RenditionReport("u", 1, 1)
    window.end_segment()
    assert playlist.report(window, "u") == RenditionReport("u", 1, 1)
    window.complete[-1].parts = ()
    assert playlist.report(window, "u") == RenditionReport("u", 1, None)


def test_playlist_reports_are_written_whole() -> None:
    window = window_of()
    add(window, 3)
    reports = [RenditionReport("a.m3u8", 7, 0), RenditionReport("b.m3u8", 0, None)]
    lines = playlist.low_latency(window, reports=reports).splitlines()
    assert lines[-2:] == [
        '#EXT-X-RENDITION-REPORT:URI="a.m3u8",LAST-MSN=7,LAST-PART=0',
        '#EXT-X-RENDITION-REPORT:URI="b.m3u8",LAST-MSN=0',
    ]


@table(("seconds", "skipped"), [(12, 0), (13, 1), (14, 2), (20, 8)])
def test_playlist_delta_skips_only_segments_behind_the_boundary(seconds: int, skipped: int) -> None:
    """A segment is skipped where twelve seconds or more come after it (6.2.5.1)."""
    window = window_of()
    add(window, 5 * seconds)
    window.end_segment()
    assert parse(playlist.low_latency(window, is_delta=True)).skipped == skipped


@table(("parts", "with_parts"), [(5, 0), (30, 5), (31, 6), (34, 6), (35, 5), (36, 6)])
def test_playlist_lists_parts_to_three_target_durations_exactly(
    parts: int, with_parts: int
) -> None:
    window = window_of()
    add(window, parts)
    text = playlist.low_latency(window)
    assert sum(bool(segment.parts) for segment in parse(text).segments) == with_parts


def test_playlist_without_its_open_segment_hints_at_that_ones_first_part() -> None:
    window = window_of()
    add(window, 8)
    text = playlist.low_latency(window, is_first=True)
    assert text.endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../media/part-5.m4s"\n')
    assert "part-6" not in text
    window.end_segment()
    text = playlist.low_latency(window, is_first=True)
    assert text.endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../media/part-8.m4s"\n')


@table("keys", [(True, True), (True, False), (False, True), (False, False)])
def test_playlist_is_independent_only_if_media_after_a_pause_is(keys: tuple[bool, bool]) -> None:
    """Parts after a pause are listed as segments, to which the tag applies (4.4.2.1)."""
    window = window_of()
    add(window, 7)
    window.pause()
    for is_independent in keys:
        window.add(b"x", start=0, duration=1_000, frames=1, is_independent=is_independent, at_ms=0)
    window.finish()
    for text in (playlist.plain(window), playlist.low_latency(window)):
        assert ("#EXT-X-INDEPENDENT-SEGMENTS" in text) is all(keys)


def test_playlist_recording_of_nothing_and_of_short_segments_has_a_target_of_a_second() -> None:
    window = window_of(is_recording=True)
    assert "#EXT-X-TARGETDURATION:1\n" in playlist.recording(window)
    add(window, 1)
    window.finish()
    assert "#EXT-X-TARGETDURATION:1\n" in playlist.recording(window)
    assert "#EXT-X-PLAYLIST-TYPE:VOD\n" in playlist.recording(window)


def test_playlist_versions_are_those_that_its_tags_need() -> None:
    window = window_of(is_recording=True)
    add(window, 11)
    for text, version in (
        (playlist.plain(window), 6),
        (playlist.low_latency(window), 9),
        (playlist.multivariant(window, "x.m3u8"), 6),
    ):
        assert text.startswith(f"#EXTM3U\n#EXT-X-VERSION:{version}\n")
    window.complete[0].is_gap = True
    assert playlist.plain(window).startswith("#EXTM3U\n#EXT-X-VERSION:8\n")


steps = st.lists(st.sampled_from(["part", "part", "part", "discontinuity"]), max_size=90)


@given(steps=steps, dvr_seconds=st.sampled_from([0, 7]))
def test_playlist_keeps_the_rules_for_any_stream(steps: list[str], dvr_seconds: float) -> None:
    window = window_of(dvr_seconds=dvr_seconds)
    before: dict[str, str] = {}
    for number, step in enumerate(["part", *steps]):
        if step == "discontinuity":
            window.begin(Init(number, "avc1.64001f", 16, 9, 10))
        add(window, 1)
        texts = {"ll": playlist.low_latency(window), "plain": playlist.plain(window)}
        for kind, text in texts.items():
            assert check_media(text) == []
            assert check_reload(before.get(kind, text), text) == []
        assert check_media(playlist.low_latency(window, is_delta=True)) == []
        before = texts
    window.finish()
    assert check_reload(before["ll"], playlist.low_latency(window)) == []


def _with_init(segment: object, init: str) -> object:
    """A delta's segment as the player sees it, with the init segment that it has already."""
    segment.__dict__["init"] = init
    return segment
