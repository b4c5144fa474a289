"""Timeline: wire times in, stream times out. Times are in milliseconds."""

import itertools
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.timeline import Timeline
from tests.support.tables import table

VIDEO = VideoTrack("h264", b"", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 48_000, 2, 1024)
AUDIO_44 = AudioTrack("aac", b"", "mp4a.40.2", 44_100, 2, 1024)
BOTH: tuple[Track, ...] = (VIDEO, AUDIO)


def frame(
    at_ms: int, *, is_key: bool = False, cts_ms: int = 0, track: VideoTrack = VIDEO
) -> Packet:
    return Packet(track, 90 * at_ms, 90 * (at_ms + cts_ms), 0, is_key, b"v")


def sound(at_ms: int, track: AudioTrack = AUDIO) -> Packet:
    rate = track.sample_rate
    return Packet(track, (at_ms * rate + 500) // 1000, 0, 1024, True, b"a")


def near(at_ms: float, within_ms: float = 0.02) -> float:
    """A value that equals any time within this distance."""
    return cast(float, pytest.approx(at_ms, abs=within_ms))


def pushed(timeline: Timeline, packet: Packet, tracks: tuple[Track, ...]) -> list[Packet]:
    return [one for placed in timeline.push([packet], tracks, at_ms=0) for one in placed.packets]


def placed(
    timeline: Timeline, *packets: Packet, tracks: tuple[Track, ...] = BOTH
) -> list[tuple[str, float]]:
    """The output: each packet's kind and time in milliseconds."""
    times = []
    for packet in packets:
        for one in pushed(timeline, packet, tracks):
            kind = "video" if isinstance(one.track, VideoTrack) else "audio"
            times.append((kind, 1000 * one.dts / one.track.timescale))
    return times


def running(
    *packets: Packet, timeline: Timeline | None = None
) -> tuple[Timeline, list[tuple[str, float]]]:
    """A timeline that has begun with a key frame at 10,000 ms of the wire."""
    timeline = timeline or Timeline()
    placed(timeline, frame(10_000, is_key=True))
    return timeline, placed(timeline, *packets)


def test_timeline_begins_with_the_first_key_frame() -> None:
    timeline = Timeline()
    assert placed(timeline, frame(5010)) == []
    assert placed(timeline, frame(5033, is_key=True), frame(5066)) == [("video", 0), ("video", 33)]
    assert timeline.epoch.tracks == BOTH


def test_timeline_drops_audio_from_before_the_first_key_frame() -> None:
    _, placements = running(sound(9_980), sound(10_001), sound(10_022))
    assert placements == [("audio", 1), ("audio", near(22.33, 0.01))]


def test_timeline_composition_times_move_with_their_frames() -> None:
    timeline = Timeline()
    (packet,) = pushed(timeline, frame(5000, is_key=True, cts_ms=67), BOTH)
    assert (packet.dts, packet.pts) == (0, 67 * 90)


def test_timeline_audio_only_begins_with_its_first_frame() -> None:
    timeline = Timeline()
    times = placed(timeline, *(sound(5000 + 20 * index) for index in range(5)), tracks=(AUDIO,))
    assert [kind for kind, _ in times] == ["audio"] * 5
    assert times[0][1] == 0
    assert timeline.epoch.tracks == (AUDIO,)


def test_timeline_video_joining_audio_begins_an_epoch_with_its_key_frame() -> None:
    timeline = Timeline()
    placed(timeline, *(sound(at_ms) for at_ms in range(0, 2000, 20)), tracks=(AUDIO,))
    first = timeline.epoch
    assert placed(timeline, frame(2000)) == []
    assert timeline.epoch is first
    assert placed(timeline, frame(2033, is_key=True), sound(2035)) == [
        ("video", 2033),
        ("audio", near(2035, 40)),
    ]
    assert timeline.epoch.tracks == BOTH


def test_timeline_step_back_of_less_than_a_second_loses_no_frame() -> None:
    _, placements = running(frame(10_033), frame(9_953), frame(9_986), frame(10_066))
    times = [at_ms for _, at_ms in placements]
    assert times == sorted(set(times))
    assert times[0] == 33
    assert times[-1] == 66


def test_timeline_one_frame_stepping_back_hardly_delays_the_rest() -> None:
    steady = [10_033, 10_067, 10_100]
    _, once = running(*map(frame, [*steady, 10_090, 10_167]))
    assert [at_ms for _, at_ms in once[-2:]] == [near(100 + 33 * 9 / 16, 1), 167]
    _, often = running(*map(frame, [*steady, *range(9_700, 10_100, 33)]))
    assert often[-1][1] < 100 + 2 * 33


def test_timeline_clamped_frame_is_not_shown_before_its_decode_time() -> None:
    timeline, _ = running()
    (packet,) = pushed(timeline, frame(9_900), BOTH)
    assert packet.pts == packet.dts == 1


@table("jump_ms", [11_000, 3_600_000, -5_000, -10_000])
def test_timeline_jump_or_rewind_is_closed_in_a_new_epoch(jump_ms: int) -> None:
    # Given a stream with sound and picture,
    timeline, _ = running(sound(10_000), sound(10_021), frame(10_033), frame(10_066))
    before = timeline.epoch
    end_ms = timeline.latest / 90
    # when both clocks jump, the picture's first, with a late packet of the old clock between,
    new = 10_100 + jump_ms
    placements = placed(
        timeline, frame(new, is_key=True), sound(10_043), sound(new + 10), frame(new + 33)
    )
    # then the picture continues at the stream's time, and the sound with it.
    assert timeline.epoch.number == before.number + 1
    assert timeline.epoch.tracks == before.tracks
    assert placements == [
        ("video", near(end_ms)),
        ("audio", near(43, 1)),
        ("audio", near(end_ms + 10, 1)),
        ("video", near(end_ms + 33)),
    ]


def test_timeline_gap_of_less_than_a_second_stays() -> None:
    timeline, placements = running(frame(10_033), frame(10_933))
    assert placements == [("video", 33), ("video", 933)]
    assert timeline.epoch.number == 1


def test_timeline_gap_of_over_a_second_is_closed_in_a_new_epoch() -> None:
    timeline, placements = running(frame(10_033), frame(15_033), frame(15_066))
    assert placements == [("video", 33), ("video", 66), ("video", 99)]
    assert timeline.epoch.number == 2


def test_timeline_video_gap_bridged_by_audio_stays() -> None:
    bridge = [sound(at_ms) for at_ms in range(10_000, 15_000, 20)]
    timeline, placements = running(frame(10_033), *bridge, frame(15_000))
    assert placements[-1] == ("video", near(5000))
    assert timeline.epoch.number == 1


def test_timeline_frame_every_two_seconds_is_no_row_of_gaps() -> None:
    timeline, placements = running(*(frame(10_000 + 2000 * index) for index in range(1, 6)))
    steps = [after[1] - before[1] for before, after in itertools.pairwise(placements[1:])]
    assert steps == [2000] * 3
    assert timeline.epoch.number <= 2


@table("bits", [31, 32])
def test_timeline_counter_wrap_of_an_encoder_is_followed_silently(bits: int) -> None:
    wrap = 1 << bits
    timeline = Timeline()
    packets = [frame(wrap - 40, is_key=True), sound(wrap - 40), frame(wrap - 7), sound(wrap - 19)]
    placements = placed(
        timeline, *packets, frame(26), sound(wrap - 1), sound(24), frame(59), sound(45)
    )
    assert [at_ms for kind, at_ms in placements if kind == "video"] == [0, 33, 66, 99]
    assert [at_ms for kind, at_ms in placements if kind == "audio"] == [
        near(index * 1024 / 48, 1.5) for index in range(5)
    ]
    assert timeline.epoch.number == 1


@table("track", [AUDIO, AUDIO_44])
def test_timeline_audio_runs_on_its_sample_clock_while_the_wire_agrees(track: AudioTrack) -> None:
    timeline = Timeline()
    placed(timeline, frame(0, is_key=True), tracks=(VIDEO, track))
    times = []
    for index in range(2000):
        wire_ms = index * 1_024_000 // track.sample_rate
        for packet in pushed(timeline, sound(wire_ms, track), (VIDEO, track)):
            times.append(packet.dts)
    assert times == [1024 * index for index in range(2000)]


def test_timeline_audio_is_reset_where_the_wire_is_over_50_ms_away() -> None:
    _, placements = running(sound(10_000), sound(10_021), sound(10_143), sound(10_164))
    assert [round(at_ms) for _, at_ms in placements] == [0, 21, 143, 164]


def test_timeline_audio_behind_the_wire_never_runs_backwards() -> None:
    _, placements = running(*(sound(10_000 + index * 10) for index in range(200)))
    times = [at_ms for _, at_ms in placements]
    assert times == sorted(set(times))
    assert times[-1] == near(1990, 75)


def test_timeline_new_configuration_begins_an_epoch_with_its_first_key_frame() -> None:
    timeline, _ = running(sound(10_000), frame(10_033))
    before = timeline.epoch
    small = replace(VIDEO, width=640, height=360)
    tracks = (small, AUDIO)
    assert placed(timeline, sound(10_022), tracks=tracks) != []
    assert placed(timeline, frame(10_066, track=small), tracks=tracks) == []
    assert timeline.epoch is before
    placements = placed(
        timeline, frame(10_100, is_key=True, track=small), sound(10_043), tracks=tracks
    )
    assert placements[0] == ("video", near(100))
    assert timeline.epoch.tracks == tracks


def test_timeline_changed_sample_rate_does_not_turn_time_back() -> None:
    timeline, _ = running(sound(10_000), sound(10_021))
    placements = placed(timeline, sound(10_043, AUDIO_44), tracks=(VIDEO, AUDIO_44))
    assert placements == [("audio", near(43, 1))]
    assert timeline.epoch.tracks == (VIDEO, AUDIO_44)


def test_timeline_returning_publisher_goes_on_in_a_new_epoch() -> None:
    timeline, _ = running(frame(10_033), sound(10_040))
    first, end_ms = timeline.epoch, timeline.latest / 90
    timeline.resume()
    video, audio = replace(VIDEO), replace(AUDIO)
    tracks = (video, audio)
    assert placed(timeline, frame(5, track=video), tracks=tracks) == []
    placements = placed(
        timeline, frame(500, is_key=True, track=video), sound(510, audio), tracks=tracks
    )
    assert placements == [
        ("video", near(end_ms)),
        ("audio", near(end_ms + 10, 1)),
    ]
    assert timeline.epoch.number == first.number + 1
    assert timeline.epoch.tracks[0] is video


def test_timeline_audio_counted_from_another_origin_is_kept() -> None:
    timeline, placements = running(sound(900_000_000), frame(10_033), sound(900_000_021))
    assert [kind for kind, _ in placements] == ["audio", "video", "audio"]
    assert all(at_ms < 100 for _, at_ms in placements)
    assert timeline.epoch.number == 1


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.booleans(),
            st.one_of(
                st.integers(-50, 200),
                st.sampled_from([-(2**31), 2**31, -20_000, 20_000, -1500, 1500]),
            ),
        ),
        max_size=80,
    )
)
def test_timeline_any_wire_times_grow_in_each_track(
    steps: list[tuple[bool, bool, int]],
) -> None:
    timeline = Timeline()
    wire_ms = 1_000_000
    newest: dict[str, int] = {}
    for is_video, is_key, step_ms in steps:
        wire_ms = (wire_ms + step_ms) % 2**32
        packet = frame(wire_ms, is_key=is_key) if is_video else sound(wire_ms)
        for one in pushed(timeline, packet, BOTH):
            kind = type(one.track).__name__
            assert one.dts > newest.get(kind, -1)
            assert timeline.latest >= one.dts * 90_000 // one.track.timescale
            newest[kind] = one.dts


@table(("before", "after"), [(AUDIO, AUDIO_44), (AUDIO_44, AUDIO)])
def test_timeline_audio_never_runs_back_over_a_change_of_rate(
    before: AudioTrack, after: AudioTrack
) -> None:
    # Given sound whose last frame is placed, and then sound of another rate with an earlier time,
    timeline, _ = running()
    for at_ms in (10_100, 10_121, 10_142):
        (last,) = pushed(timeline, sound(at_ms, before), (VIDEO, before))
    (first, *_) = pushed(timeline, sound(10_100, after), (VIDEO, after))
    (second, *_) = pushed(timeline, sound(10_100, after), (VIDEO, after))

    # then it begins after the end of the last frame, in its own samples, and continues.
    floor = (last.dts + 1) * after.sample_rate // before.sample_rate
    assert (first.dts, first.pts) == (floor + 1, floor + 1)
    assert second.dts == first.dts + 1


def test_timeline_audio_keeps_its_floor_where_its_rate_stays() -> None:
    other = replace(AUDIO, config=b"other")
    timeline, _ = running()
    (last,) = pushed(timeline, sound(10_100), BOTH)
    (first,) = pushed(timeline, sound(10_000, other), (VIDEO, other))
    assert first.dts == last.dts + 1


@table(("at_ms", "expected"), [(9_999, []), (10_000, [48_000]), (10_010, [48_480])])
def test_timeline_continues_after_the_streams_existing_media(
    at_ms: int, expected: list[int]
) -> None:
    timeline = Timeline()
    timeline.continue_at(90_000)
    assert timeline.latest == 90_000
    (picture,) = pushed(timeline, frame(10_000, is_key=True), BOTH)
    assert picture.dts == 90_000
    assert [packet.dts for packet in pushed(timeline, sound(at_ms), BOTH)] == expected


def test_timeline_latest_is_where_the_newest_media_ends() -> None:
    timeline, _ = running(frame(10_040), frame(10_080))
    assert timeline.latest == 90 * 120
    # Sound that ends before that moves nothing; sound that ends after it does.
    pushed(timeline, sound(10_080), BOTH)
    assert timeline.latest == 90 * 120
    pushed(timeline, sound(10_101), BOTH)
    assert timeline.latest == pytest.approx(90 * (101.33 + 21.33), abs=3)


@table(("step_ms", "is_gap"), [(1_040, False), (1_041, True)])
def test_timeline_gap_is_more_than_a_second_behind_the_last_frames_end(
    step_ms: int, is_gap: bool
) -> None:
    timeline, _ = running(frame(10_040))
    epoch = timeline.epoch
    placed(timeline, frame(10_040 + step_ms))
    assert (timeline.epoch is not epoch) is is_gap


@table(("back_ms", "is_break"), [(999, False), (1_000, True)])
def test_timeline_step_back_is_a_break_from_a_second_on(back_ms: int, is_break: bool) -> None:
    timeline, _ = running(*(frame(10_000 + 40 * index) for index in range(1, 100)))
    epoch = timeline.epoch
    placed(timeline, frame(10_000 + 40 * 99 - back_ms))
    assert (timeline.epoch is not epoch) is is_break


@table(("away_ms", "dts"), [(50, 48_000 // 100 + 1024), (52, None)])
def test_timeline_sample_clock_is_reset_beyond_its_drift_limit(
    away_ms: int, dts: int | None
) -> None:
    timeline, _ = running(sound(10_010))
    (packet,) = pushed(timeline, sound(10_010 + 21 + away_ms), BOTH)
    assert packet.dts == (dts or (10 + 21 + away_ms) * 48)
