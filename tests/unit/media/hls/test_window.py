"""Window: segments that are added and removed, and the stable numbers for players."""

import pytest

from emulator.media.hls import playlist
from emulator.media.hls.segments import Init
from emulator.media.hls.window import Window, bits_per_second, round_seconds
from tests.support.tables import table

FRAME = 3000


def window_with(parts: int, *, dvr_seconds: float = 0, parts_a_segment: int = 5) -> Window:
    window = Window(segment_ms=1000, part_ms=200, dvr_seconds=dvr_seconds)
    window.begin(Init(0, "avc1.64001f", 16, 9, 10))
    add(window, parts, parts_a_segment=parts_a_segment)
    return window


def add(window: Window, parts: int, *, parts_a_segment: int = 5, ticks: int = 18_000) -> None:
    start = window.segments[-1].end if window.segments else 0
    for n in range(parts):
        if n % parts_a_segment == 0:
            window.end_segment()
        window.add(
            b"x" * 100,
            start=start,
            duration=ticks,
            frames=6,
            is_independent=n % parts_a_segment == 0,
            at_ms=start // 90,
        )
        start += ticks


def test_hls_window_numbers_parts_over_segments_and_segments_from_zero() -> None:
    window = window_with(12)
    assert [segment.msn for segment in window.segments] == [0, 1, 2]
    assert [part.number for segment in window.segments for part in segment.parts] == [*range(12)]
    assert (window.last_msn, window.next_msn, window.next_part) == (1, 2, 12)
    assert window.open is not None
    assert window.open.length == 200


def test_hls_window_part_before_its_init_segment_is_an_internal_error() -> None:
    window = Window(segment_ms=1000, part_ms=200)
    with pytest.raises(ValueError, match="before its init"):
        window.add(b"", start=0, duration=1, frames=0, is_independent=True, at_ms=0)


@table(("came_at_ms", "is_dated_ms"), [(200, 1000), (5000, 5000)])
def test_hls_window_run_is_dated_by_its_arrival_after_the_last_run(
    came_at_ms: int, is_dated_ms: int
) -> None:
    # Given a second of media, and then a run whose first part came earlier or later than that,
    window = window_with(5)
    window.begin(Init(1, "avc1.64001f", 16, 9, 10))
    window.add(b"x", start=90_000, duration=18_000, frames=6, is_independent=True, at_ms=came_at_ms)

    # then players that use the dates see no two pictures at once.
    assert [segment.program_ms for segment in window.segments] == [0, is_dated_ms]


def test_hls_window_dvr_drops_from_the_front_and_counts_it() -> None:
    # Given a history of at most ten seconds, with a discontinuity in its middle,
    window = window_with(30, dvr_seconds=10)
    window.begin(Init(1, "avc1.64001f", 16, 9, 10))
    add(window, 30)
    first = [segment.msn for segment in window.complete if segment.starts_discontinuity]
    assert first == [6]
    # when the discontinuity has left too,
    add(window, 30)
    # then ten complete seconds are kept, and the discontinuity is counted once.
    assert len(window.complete) == 10
    assert window.first_msn == window.next_msn - 10
    assert window.discontinuity_sequence == 1


def test_hls_window_dvr_is_never_shorter_than_three_target_durations() -> None:
    window = window_with(60, dvr_seconds=1)
    assert sum(segment.duration for segment in window.complete) == 6 * 90_000


def test_hls_window_dropped_media_is_kept_for_the_length_of_its_playlist() -> None:
    window = window_with(0, dvr_seconds=10)
    add(window, 200)
    count = sum(segment.duration for segment in window.left)
    assert 10 * 90_000 <= count <= (10 + 1 + 3 * window.target_seconds) * 90_000
    assert window.left[-1].msn == window.first_msn - 1


def test_hls_window_dates_restart_at_a_discontinuity() -> None:
    window = window_with(6)
    window.begin(Init(1, "avc1.64001f", 16, 9, 10))
    window.add(b"", start=108_000, duration=1, frames=0, is_independent=True, at_ms=9000)
    assert [segment.program_ms for segment in window.segments] == [0, 1000, 9000]


@table(("seconds", "target"), [(1, 2), (2.2, 2), (2.4, 10), (8.3, 10), (12, 12)])
def test_hls_window_target_duration_is_decided_by_the_first_segment(
    seconds: float, target: int
) -> None:
    window = window_with(0)
    add(window, round(seconds * 10), parts_a_segment=1000, ticks=9000)
    window.end_segment()
    assert window.target_seconds == target
    add(window, 50)
    assert window.target_seconds == target


def test_hls_window_part_target_is_within_the_rules_for_middle_parts() -> None:
    window = window_with(1)
    assert 0.85 * window.part_target < 18_000 < window.part_target
    add(window, 1, ticks=25_000)
    assert 0.85 * window.part_target < 25_000 < window.part_target


def test_hls_window_peak_bit_rate_is_of_a_segment_and_not_of_a_short_rest() -> None:
    window = window_with(10)
    window.end_segment()
    assert window.peak_bits == 500 * 8
    window.add(b"x" * 5000, start=180_000, duration=9000, frames=3, is_independent=True, at_ms=0)
    window.finish()
    assert window.peak_bits == 500 * 8


@table(("ticks", "rate"), [(3000, 30), (3003, 30_000 / 1001), (3600, 25), (3753, 24_000 / 1001)])
def test_hls_window_frame_rate_is_the_nearest_usual_one(ticks: int, rate: float) -> None:
    window = window_with(0)
    for n in range(20):
        window.add(
            b"", start=n * 6 * ticks, duration=6 * ticks, frames=6, is_independent=True, at_ms=0
        )
    assert window.frame_rate == pytest.approx(rate)


def test_hls_window_frozen_video_does_not_lower_the_frame_rate() -> None:
    # Given segments at 30 frames per second, one of which lost a third of its frames,
    window = window_with(0)
    for n, frames in enumerate((60, 60, 40, 60, 7)):
        ticks = 180_000 if frames > 7 else 20_000
        window.add(
            b"", start=n * 180_000, duration=ticks, frames=frames, is_independent=True, at_ms=0
        )
        window.end_segment()
    # then neither that nor a short last segment counts.
    assert window.frame_rate == 30


def test_hls_window_unusual_frame_rate_is_shown_unchanged() -> None:
    window = window_with(0)
    window.add(b"", start=0, duration=90_000, frames=17, is_independent=True, at_ms=0)
    assert window.frame_rate == 17


def test_hls_window_forced_cut_removes_independent_segments() -> None:
    window = window_with(5)
    assert window.is_independent
    window.end_segment()
    window.add(b"", start=90_000, duration=1, frames=0, is_independent=False, at_ms=0)
    assert not window.is_independent


@table(
    ("frames", "ticks", "rate", "shown"),
    [
        # Ten seconds of each common rate (RFC 8216bis, 4.4.6.2: a decimal with three places).
        (100, 900_000, 10, "10.000"),
        (120, 900_000, 12, "12.000"),
        (150, 900_000, 15, "15.000"),
        (200, 900_000, 20, "20.000"),
        (240, 900_900, 24_000 / 1001, "23.976"),
        (240, 900_000, 24, "24.000"),
        (250, 900_000, 25, "25.000"),
        (300, 900_900, 30_000 / 1001, "29.970"),
        (300, 900_000, 30, "30.000"),
        (480, 900_000, 48, "48.000"),
        (500, 900_000, 50, "50.000"),
        (600, 900_900, 60_000 / 1001, "59.940"),
        (600, 900_000, 60, "60.000"),
        # The wire's milliseconds are coarse: a rate within half a percent of a common one means
        # that one.
        (240, 900_300, 24, "24.000"),
        (240, 900_600, 24_000 / 1001, "23.976"),
        (2009, 9_000_000, 20, "20.000"),
        (2011, 9_000_000, 20.11, "20.110"),
        (1991, 9_000_000, 20, "20.000"),
        (1989, 9_000_000, 19.89, "19.890"),
        (1400, 9_000_000, 14, "14.000"),
        (1200, 900_000, 120, "120.000"),
    ],
)
def test_hls_window_each_usual_frame_rate_is_shown_as_itself(
    frames: int, ticks: int, rate: float, shown: str
) -> None:
    window = Window(segment_ms=1000, part_ms=200)
    window.begin(Init(0, "avc1.64001f", 16, 9, 10))
    window.add(b"x", start=0, duration=ticks, frames=frames, is_independent=True, at_ms=0)
    # While the segment is open, and once it is complete.
    for _ in range(2):
        assert window.frame_rate == pytest.approx(rate, abs=1e-9)
        assert f"FRAME-RATE={shown}," in playlist.multivariant(window, "stream.m3u8")
        window.end_segment()


def test_hls_window_frame_rate_is_of_whole_seconds_and_of_this_run() -> None:
    window = Window(segment_ms=1000, part_ms=200)

    def rate() -> float | None:
        return window.frame_rate

    window.begin(Init(0, "avc1.64001f", 16, 9, 10))
    assert rate() is None
    window.note_frames(30, 90_000)
    # A segment shorter than a second has no rate; one of a second has.
    window.note_frames(60, 89_999)
    assert rate() == 30
    window.note_frames(60, 90_000)
    assert rate() == 60
    # Rates within a percent are counted together; slower ones are not.
    window.note_frames(594, 900_000)
    assert rate() == pytest.approx(654 / 11)
    window.note_frames(10, 90_000)
    assert rate() == pytest.approx(654 / 11)

    window.begin(Init(1, "avc1.64001f", 16, 9, 10))
    assert rate() is None
    window.note_frames(25, 90_000)
    assert rate() == 25


def test_hls_window_length_of_a_segment_is_known_while_it_is_there() -> None:
    window = window_with(12, dvr_seconds=0)
    assert [window.length_ms(msn) for msn in (-1, 0, 1, 2, 3)] == [0, 1_000, 1_000, 0, 0]
    window.drop_before(1)
    assert [window.length_ms(msn) for msn in (0, 1, 2)] == [0, 1_000, 0]
    assert (window.first_msn, window.keeps_all, window.last_msn) == (1, False, 1)
    assert Window(segment_ms=1000, part_ms=200).length_ms(0) == 0


def test_hls_window_drops_before_a_number_and_not_that_one() -> None:
    window = window_with(20)
    before = window.version
    window.drop_before(0)
    assert window.version == before
    window.drop_before(2)
    assert [segment.msn for segment in window.segments] == [2, 3]
    assert window.version == before + 2
    window.drop_before(99)
    assert [segment.msn for segment in window.segments] == [3]


def test_hls_window_keeps_exactly_its_dvr_length() -> None:
    # Segments of a second; a segment leaves when the ones after it are as long as the window.
    window = window_with(10 * 5, dvr_seconds=7)
    assert (len(window.complete), window.first_msn) == (7, 2)
    assert window.duration == 8 * 90_000
    assert window.end_ms == 10_000
    assert [segment.msn for segment in window.left] == [0, 1]


def test_hls_window_has_just_begun_while_its_second_segment_is_short() -> None:
    window = window_with(5)

    def has_begun() -> bool:
        return window.has_just_begun

    def add_up_to(ticks: int) -> None:
        length = ticks - (window.open.duration if window.open else 0)
        while length > 0:
            piece = min(length, 18_000)
            window.add(b"x", start=0, duration=piece, frames=1, is_independent=False, at_ms=0)
            length -= piece

    assert not has_begun()
    add(window, 1)
    assert has_begun()
    add_up_to(3 * window.part_target)
    assert has_begun()
    window.pause()
    assert not has_begun()
    add_up_to(3 * window.part_target + 1)
    assert not has_begun()
    add(window, 1)
    assert not has_begun()


@table(
    ("length", "ticks", "bits"),
    [(1_000, 90_000, 8_000), (1_000, 90_001, 8_000), (1, 90_000_000, 1), (1_000, 0, 0)],
)
def test_hls_window_bit_rates_are_rounded_up(length: int, ticks: int, bits: int) -> None:
    assert bits_per_second(length, ticks) == bits


@table(
    ("ticks", "seconds"),
    [(0, 0), (44_999, 0), (45_000, 1), (134_999, 1), (135_000, 2), (180_000, 2)],
)
def test_hls_window_durations_are_rounded_to_the_nearest_second(ticks: int, seconds: int) -> None:
    assert round_seconds(ticks) == seconds


def test_hls_window_each_change_is_another_version() -> None:
    window = window_with(1)
    versions = [window.version]
    for change in (lambda: add(window, 1), window.pause, window.finish):
        change()
        versions.append(window.version)
    assert versions == sorted(set(versions))
