"""Segmenter: parts tile the stream, keep the rules of low latency HLS, and lose nothing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from emulator.media.hls.part import HlsPart
from emulator.media.hls.segmenter import (
    Segmenter,
    keeps_usual_target,
    longest_ticks,
    usual_target_seconds,
)
from emulator.media.packets import AudioTrack, Packet, Track, VideoTrack
from emulator.media.ticks import TICKS_PER_SECOND
from emulator.media.timeline import Epoch, Sequenced
from tests.support.tables import table

VIDEO = VideoTrack("h264", b"", "avc1.42c01f", 1280, 720)
AUDIO = AudioTrack("aac", b"", "mp4a.40.2", 48_000, 2, 1024)
BOTH = Epoch(1, (VIDEO, AUDIO))
PICTURE = Epoch(1, (VIDEO,))
SOUND = Epoch(1, (AUDIO,))


def frames(seconds: float, rate: float, key_every: int, begin_ms: float = 0) -> list[Packet]:
    """Video as FLV carries it: times rounded to milliseconds."""
    return [
        frame(round(begin_ms + 1000 * index / rate), is_key=index % key_every == 0)
        for index in range(round(seconds * rate))
    ]


def frame(at_ms: int, *, is_key: bool = False) -> Packet:
    return Packet(VIDEO, 90 * at_ms, 90 * at_ms, 0, is_key, b"v")


def sounds(seconds: float, begin: int = 0) -> list[Packet]:
    count = round(seconds * 48_000 / 1024)
    times = range(begin, begin + 1024 * count, 1024)
    return [Packet(AUDIO, dts, dts, 1024, True, b"a") for dts in times]


def ticks(packet: Packet) -> int:
    return packet.dts * TICKS_PER_SECOND // packet.track.timescale


def interleaved(*streams: list[Packet]) -> list[Packet]:
    return sorted(itertools.chain(*streams), key=ticks)


def cut(segmenter: Segmenter, packets: list[Packet], epoch: Epoch) -> list[HlsPart]:
    parts: list[HlsPart] = []
    for packet in packets:
        parts += segmenter.push(Sequenced([packet], epoch, 1_000_000 + ticks(packet) // 90))
    return parts


def check(parts: list[HlsPart], packets: list[Packet], part_target: int) -> None:
    """Assert what holds for every run of parts, whatever the input."""
    for before, after in itertools.pairwise(parts):
        assert after.start == before.start + before.duration
    for part in parts:
        assert 0 < part.duration <= part_target
        assert part.packets
        assert not part.starts_discontinuity or part.starts_segment
        for track in (VIDEO, AUDIO):
            run = [packet for packet in part.packets if packet.track == track]
            assert all(packet.duration > 0 for packet in run)
            for one, other in itertools.pairwise(run):
                assert one.dts + one.duration == other.dts
    for track in (VIDEO, AUDIO):
        came = [packet.dts for packet in packets if packet.track == track]
        counts = [one.dts for part in parts for one in part.packets if one.track == track]
        assert counts == came


@table("rate", [12, 15, 24, 24000 / 1001, 25, 30000 / 1001, 30, 48, 50, 60, 120])
def test_segmenter_steady_stream_keeps_the_rules_for_parts(rate: float) -> None:
    # Given ten seconds with a key frame every two,
    packets = interleaved(frames(10, rate, round(2 * rate)), sounds(10))
    segmenter = Segmenter()
    # when they are cut,
    parts = cut(segmenter, packets, BOTH) + segmenter.flush()
    # then no part but a segment's last is shorter than 85 % of the target (RFC 8216bis, 4.4.4.9),
    check(parts, packets, segmenter.part_target)
    for part, after in itertools.pairwise(parts):
        assert after.starts_segment or part.duration >= 0.85 * segmenter.part_target
    # and segments begin with their key frames.
    assert [part.start // 90 for part in parts if part.starts_segment] == [
        pytest.approx(1000 * index * round(2 * rate) / rate, abs=1) for index in range(5)
    ]
    assert all(part.is_independent == part.starts_segment for part in parts)


@table("rate", [24, 25, 30000 / 1001, 30, 50, 60])
def test_segmenter_usual_frame_rates_keep_the_target_of_216_ms(rate: float) -> None:
    segmenter = Segmenter(part_ms=200)
    cut(segmenter, frames(6, rate, round(2 * rate)), PICTURE)
    assert segmenter.part_target == 19459


@table("begin_ms", [40, 400])
def test_segmenter_stream_starts_with_its_first_packet(begin_ms: int) -> None:
    parts = cut(Segmenter(), frames(3, 30, key_every=30, begin_ms=begin_ms), PICTURE)
    assert parts[0].start == 90 * begin_ms
    assert parts[0].duration == 90 * 200


def test_segmenter_part_is_200_ms_at_30_frames_a_second() -> None:
    parts = cut(Segmenter(), frames(2.1, 30, 60), PICTURE)
    assert {round(part.duration / 90, -1) for part in parts} == {200}
    assert len(parts) == 10


def test_segmenter_frames_keep_their_exact_durations() -> None:
    parts = cut(Segmenter(), frames(2, 30000 / 1001, 60), PICTURE)
    durations = [packet.duration // 90 for part in parts for packet in part.packets]
    assert set(durations) == {33, 34}


def test_segmenter_part_knows_the_tracks_of_its_epoch_without_their_packets() -> None:
    (part, *_) = cut(Segmenter(), frames(1, 30, 30), BOTH)
    assert part.tracks == (VIDEO, AUDIO)


def test_segmenter_audio_is_in_the_part_of_its_time() -> None:
    parts = cut(Segmenter(), interleaved(frames(4, 30, 60), sounds(4)), BOTH)
    for part in parts:
        for packet in part.packets:
            assert part.start <= ticks(packet) < part.start + part.duration


def test_segmenter_part_has_the_arrival_date_of_its_first_packet() -> None:
    parts = cut(Segmenter(), frames(3, 30, 60), PICTURE)
    assert [part.at_ms for part in parts] == [1_000_000 + part.start // 90 for part in parts]


def test_segmenter_segment_waits_for_a_key_frame() -> None:
    parts = cut(Segmenter(segment_ms=2000), frames(9, 30, 120), PICTURE)
    assert [part.start // 90 for part in parts if part.starts_segment] == [0, 4000, 8000]


def test_segmenter_frequent_key_frames_do_not_make_segments() -> None:
    parts = cut(Segmenter(segment_ms=2000), frames(5, 30, 15), PICTURE)
    assert [part.start // 90 for part in parts if part.starts_segment] == [0, 2000, 4000]


def test_segmenter_key_frame_decoded_early_still_begins_its_segment() -> None:
    # With open GOPs the second key frame is decoded before the frames that are shown before it.
    packets = frames(5, 30, 1000)
    for index in (0, 58, 118):
        packets[index] = replace(packets[index], is_key=True)
    parts = cut(Segmenter(segment_ms=2000), packets, PICTURE)
    assert [part.start // 90 for part in parts if part.starts_segment] == [0, 1933, 3933]
    assert all(part.is_independent for part in parts if part.starts_segment)


def test_segmenter_cuts_segment_without_key_frames_at_its_limit() -> None:
    parts = cut(Segmenter(), frames(31, 30, 900), PICTURE)
    starts = [part for part in parts if part.starts_segment]
    # The next key frame still begins a segment, so that players can start there.
    assert [part.is_independent for part in starts] == [True, False, False, True]
    assert starts[-1].start == 30_000 * 90
    lengths = [after.start - before.start for before, after in itertools.pairwise(starts)]
    assert all(10_200 * 90 <= length < 10_500 * 90 for length in lengths[:2])


@table(("rate", "gop"), [(30, 250), (25, 250), (30, 300), (24, 250), (30, 120)])
def test_segmenter_segment_lasts_a_key_frame_interval_up_to_the_target(rate: int, gop: int) -> None:
    """An encoder's automatic choice is mostly 250 frames: 10 s at 25 frames a second."""
    parts = cut(Segmenter(), frames(35, rate, gop), PICTURE)
    assert all(part.is_independent for part in parts if part.starts_segment)


@table(("first_seconds", "longest_ms"), [(2, 4500), (4, 4500), (5, 10_500)])
def test_segmenter_first_segment_decides_the_target_duration(
    first_seconds: int, longest_ms: int
) -> None:
    # Given a publisher whose second key frame comes soon, and its third very late,
    packets = frames(40, 30, 100_000)
    for index in (0, first_seconds * 30, 38 * 30):
        packets[index] = replace(packets[index], is_key=True)
    starts = [p.start for p in cut(Segmenter(), packets, PICTURE) if p.starts_segment]
    # then no segment is longer than a playlist allows that has been loaded since the first.
    assert starts[1] == first_seconds * 90_000
    lengths = [after - before for before, after in itertools.pairwise(starts[1:])]
    assert longest_ms * 90 - 22_000 <= max(lengths) < longest_ms * 90


def test_segmenter_cuts_audio_only_by_time() -> None:
    packets = sounds(10)
    segmenter = Segmenter()
    parts = cut(segmenter, packets, SOUND) + segmenter.flush()
    check(parts, packets, segmenter.part_target)
    assert all(part.is_independent for part in parts)
    segments = [part.start // 90 for part in parts if part.starts_segment]
    assert len(segments) == 6
    assert all(1740 <= after - before <= 2010 for before, after in itertools.pairwise(segments))


def test_segmenter_late_frame_makes_no_part_too_long() -> None:
    # Given a stream whose picture freezes for 230 ms without any other media,
    packets = [*frames(1, 30, 60), *frames(1, 30, 1000, begin_ms=1196)]
    packets[30] = replace(packets[30], is_key=False)
    segmenter = Segmenter()
    parts = cut(segmenter, packets, PICTURE) + segmenter.flush()
    # then parts still follow without a gap, within the target that was announced at the start.
    check(parts, packets, segmenter.part_target)
    assert segmenter.part_target == 19459


def test_segmenter_frozen_video_does_not_stop_the_audio() -> None:
    # Given three seconds with audio only,
    packets = interleaved(frames(1, 30, 60), frames(2, 30, 60, begin_ms=4000), sounds(6))
    segmenter = Segmenter()
    parts = cut(segmenter, packets, BOTH) + segmenter.flush()
    # then parts with only audio are cut meanwhile, none of them a place to start at.
    check(parts, packets, segmenter.part_target)
    silent = [part for part in parts if all(packet.track == AUDIO for packet in part.packets)]
    assert len(silent) >= 10
    assert not any(part.is_independent for part in silent)
    assert segmenter.part_target == 19459


def test_segmenter_one_frame_a_second_with_audio_needs_no_longer_parts() -> None:
    packets = interleaved(frames(12, 1, 2), sounds(12))
    segmenter = Segmenter()
    parts = cut(segmenter, packets, BOTH) + segmenter.flush()
    check(parts, packets, segmenter.part_target)
    assert segmenter.part_target == 19459


def test_segmenter_one_frame_a_second_without_audio_gets_longer_parts() -> None:
    segmenter = Segmenter()
    packets = frames(12, 1, 2)
    parts = cut(segmenter, packets, PICTURE)
    check(parts, packets[:-1], segmenter.part_target)
    assert segmenter.part_target == pytest.approx(1.08 * 90_000, rel=0.01)


@table("part_ms", [100, 200])
@table("late_ms", [3, 16, 30])
def test_segmenter_part_target_stays_where_an_epoch_begins_between_frames(
    part_ms: int, late_ms: int
) -> None:
    segmenter = Segmenter(part_ms=part_ms)
    target = segmenter.part_target
    parts = cut(segmenter, frames(2, 30, 60), PICTURE)
    again = frames(2, 30, 60, begin_ms=2_000 + late_ms)
    parts += cut(segmenter, again, Epoch(2, (VIDEO,))) + segmenter.flush()
    assert segmenter.part_target == target
    for part, after in itertools.pairwise(parts):
        assert after.start == part.start + part.duration
        assert after.starts_segment or part.duration * 20 >= target * 17


def test_segmenter_new_epoch_closes_the_part_and_begins_with_its_tracks() -> None:
    segmenter = Segmenter()
    first = interleaved(frames(1.1, 30, 60), sounds(1.1))
    small = replace(VIDEO, width=640)
    tracks: tuple[Track, ...] = (small, AUDIO)
    second = [
        replace(packet, track=small) if packet.track == VIDEO else packet
        for packet in interleaved(frames(1, 30, 60, begin_ms=1100), sounds(1, begin=52 * 1024))
    ]
    parts = cut(segmenter, first, BOTH) + cut(segmenter, second, Epoch(2, tracks))
    begins = [part for part in parts if part.starts_discontinuity]
    assert [part.tracks for part in begins] == [BOTH.tracks, tracks]
    assert begins[1].start == pytest.approx(1100 * 90, abs=23 * 90)
    assert begins[1].starts_segment
    assert all(packet.track is not small for part in parts[:6] for packet in part.packets)
    for before, after in itertools.pairwise(parts):
        assert after.start == before.start + before.duration


def test_segmenter_epoch_without_a_key_frame_starts_a_segment_at_its_first() -> None:
    segmenter = Segmenter()
    parts = cut(segmenter, frames(1, 30, 60), PICTURE)
    packets = [
        replace(packet, is_key=index == 20) for index, packet in enumerate(frames(2, 30, 1, 1000))
    ]
    parts += cut(segmenter, packets, Epoch(2, (VIDEO,)))
    assert [(part.start // 90, part.is_independent) for part in parts if part.starts_segment] == [
        (0, True),
        (1000, False),
        (1667, True),
    ]


def test_segmenter_flush_leaves_no_seam() -> None:
    segmenter = Segmenter()
    first, second = frames(1.1, 30, 60), frames(1, 30, 60, begin_ms=1100)
    parts = [*cut(segmenter, first, PICTURE), *segmenter.flush()]
    end = parts[-1].start + parts[-1].duration
    assert end == pytest.approx(1100 * 90, abs=90)
    parts += cut(segmenter, second, Epoch(2, (VIDEO,)))
    assert parts[6].starts_discontinuity
    assert parts[6].start == end
    assert segmenter.flush()[-1].packets
    assert segmenter.flush() == []


def test_segmenter_flush_of_nothing_gives_nothing() -> None:
    assert Segmenter().flush() == []


@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.integers(1, 1000), st.integers(0, 50)),
        max_size=120,
    ),
    st.sampled_from([BOTH, PICTURE, SOUND]),
)
def test_segmenter_any_growing_times_are_tiled_without_loss(
    steps: list[tuple[bool, bool, int, int]], epoch: Epoch
) -> None:
    packets = []
    now_ms, audio_end = 0, 0
    for is_video, is_key, step_ms, often in steps:
        now_ms += step_ms if often == 0 else 1 + step_ms % 50
        if is_video and VIDEO in epoch.tracks:
            packets.append(frame(now_ms, is_key=is_key))
        elif AUDIO in epoch.tracks and 48 * now_ms >= audio_end:
            packets.append(Packet(AUDIO, 48 * now_ms, 48 * now_ms, 1024, True, b"a"))
            audio_end = 48 * now_ms + 1024
    segmenter = Segmenter()
    parts = cut(segmenter, packets, epoch) + segmenter.flush()
    check(parts, packets, segmenter.part_target)
    # The timeline closes gaps over a second, so no part gets longer than this.
    assert segmenter.part_target <= 2 * 90 * (1000 + 216)


@pytest.mark.parametrize(
    ("packets", "epoch"),
    [
        (interleaved(frames(4.5, 30, 60), sounds(4.5)), BOTH),
        (frames(4.5, 30, 60), PICTURE),
        (sounds(4.5), SOUND),
        # The video ends long before its audio, and a frame after a key frame.
        (interleaved(frames(4.1, 30, 60), sounds(4.5)), BOTH),
        (interleaved(frames(4.07, 30, 60), sounds(4.07)), BOTH),
    ],
    ids=["both", "picture", "sound", "short picture", "two frames"],
)
def test_segmenter_pause_keeps_the_last_part(packets: list[Packet], epoch: Epoch) -> None:
    segmenter = Segmenter()
    parts = cut(segmenter, packets, epoch)
    parts += segmenter.pause()
    assert segmenter.pause() == []
    last = segmenter.flush()
    check(parts + last, packets, segmenter.part_target)
    # It is short, which only its segment's only part may be.
    assert len(last) == 1
    for part, after in itertools.pairwise(parts + last):
        assert after.starts_segment or part.duration >= 0.85 * segmenter.part_target
    leading = [packet for packet in packets if type(packet.track) is type(epoch.tracks[0])]
    assert leading[-1].dts in [packet.dts for packet in last[0].packets]


def test_segmenter_last_part_after_a_pause_ends_its_segment() -> None:
    segmenter = Segmenter()
    first = interleaved(frames(4.5, 30, 60), sounds(4.5))
    parts = cut(segmenter, first, BOTH) + segmenter.pause()
    again = interleaved(frames(3, 30, 60, begin_ms=4_600), sounds(3, begin=220_800))
    came = cut(segmenter, again, Epoch(2, (VIDEO, AUDIO))) + segmenter.flush()
    times = [packet.dts for part in parts + came for packet in part.packets]
    assert sorted(times) == sorted(packet.dts for packet in first + again)
    assert [part.starts_segment for part in came[:2]] == [False, True]
    assert [part.starts_discontinuity for part in came[:2]] == [False, True]
    assert [part.ends_segment for part in came[:2]] == [True, False]


@pytest.mark.parametrize("key_every", [60, 900])
def test_segmenter_part_is_marked_as_last_of_its_segment_where_known(key_every: int) -> None:
    parts = cut(Segmenter(), frames(31, 30, key_every), PICTURE)
    following = itertools.pairwise(parts)
    assert all(part.ends_segment == after.starts_segment for part, after in following)


@table(
    ("packets", "durations", "length"),
    [
        # A single frame: one of 30 per second, or the duration in its packet.
        ([frame(0, is_key=True)], [3_000], 3_000),
        ([replace(frame(0, is_key=True), duration=9_000)], [9_000], 9_000),
        # The last of several: as long as the step before, and no longer than a part.
        ([frame(0, is_key=True), frame(40)], [3_600, 3_600], 7_200),
        ([frame(0, is_key=True), frame(20), frame(60)], [1_800, 3_600, 3_600], 9_000),
    ],
)
def test_segmenter_last_frame_lasts_as_long_as_is_known(
    packets: list[Packet], durations: list[int], length: int
) -> None:
    segmenter = Segmenter()
    parts = cut(segmenter, packets, PICTURE) + segmenter.flush()
    assert [packet.duration for part in parts for packet in part.packets] == durations
    assert sum(part.duration for part in parts) == length


@table(
    ("next_ms", "duration"),
    [(0, 3_600), (1, 90), (40, 3_600), (79, 7_110), (80, 7_200), (81, 3_600), (1_000, 3_600)],
)
def test_segmenter_last_frame_of_an_epoch_reaches_to_the_next_if_that_is_near(
    next_ms: int, duration: int
) -> None:
    """Near means within two steps."""
    segmenter = Segmenter()
    cut(segmenter, [frame(0, is_key=True), frame(40)], PICTURE)
    parts = segmenter.push(Sequenced([frame(40 + next_ms, is_key=True)], Epoch(2, (VIDEO,)), 0))
    assert [packet.duration for part in parts for packet in part.packets][-1] == duration


def test_segmenter_flushed_part_ends_where_the_shorter_track_does() -> None:
    """A player has buffered only up to the end of its shortest track."""
    segmenter = Segmenter()
    packets = interleaved(frames(0.12, 25, 99), sounds(0.08))
    parts = cut(segmenter, packets, BOTH) + segmenter.flush()
    sound_end = 1024 * len(sounds(0.08)) * 90_000 // 48_000
    assert sum(part.duration for part in parts) == min(sound_end, 3 * 3_600) == sound_end
    assert sum(len(part.packets) for part in parts) == len(packets)


def test_segmenter_flushed_part_without_sound_lasts_as_long_as_its_picture() -> None:
    segmenter = Segmenter()
    parts = cut(segmenter, frames(0.12, 25, 99), BOTH) + segmenter.flush()
    assert [(part.start, part.duration) for part in parts] == [(0, 3 * 3_600)]


def test_segmenter_flushed_part_behind_the_sounds_end_is_no_shorter_than_a_tick() -> None:
    """Audio that ended long before the video does not move the part's end before its start."""
    segmenter = Segmenter()
    packets = interleaved(frames(0.48, 25, 99), sounds(0.1))
    parts = cut(segmenter, packets, BOTH) + segmenter.flush()
    check(parts, packets, segmenter.part_target)
    assert parts[-1].start > 1024 * len(sounds(0.1)) * 90_000 // 48_000
    assert parts[-1].duration == 1


def test_segmenter_media_after_a_flush_begins_a_segment() -> None:
    segmenter = Segmenter()
    cut(segmenter, frames(1, 25, 99), PICTURE)
    segmenter.flush()
    (part, *_) = cut(segmenter, frames(1, 25, 99, begin_ms=1_000), PICTURE)
    assert part.starts_segment


@table(
    ("segment_ms", "seconds"),
    [(1, 1), (500, 1), (501, 2), (1_000, 2), (1_001, 3), (2_000, 4), (10_000, 20)],
)
def test_segmenter_usual_target_is_twice_the_segment_in_whole_seconds(
    segment_ms: int, seconds: int
) -> None:
    assert usual_target_seconds(segment_ms) == seconds


@table(("duration", "keeps"), [(0, True), (404_999 - 19_459, True), (405_000 - 19_459, False)])
def test_segmenter_first_segment_keeps_the_target_with_room_for_a_part(
    duration: int, keeps: bool
) -> None:
    """EXTINF is rounded to the nearest second: 4.5 s would be 5 (RFC 8216bis, 4.4.3.1)."""
    assert longest_ticks(4) == 404_999
    assert keeps_usual_target(duration, 19_459, 2_000) is keeps


@table(("key_ms", "starts"), [(1_720, 1), (1_760, 2)])
def test_segmenter_key_frame_begins_a_segment_after_seven_eighths_of_one(
    key_ms: int, starts: int
) -> None:
    packets = [frame(at_ms, is_key=at_ms in (0, key_ms)) for at_ms in range(0, 2_200, 40)]
    segmenter = Segmenter(segment_ms=2_000)
    parts = cut(segmenter, packets, PICTURE) + segmenter.flush()
    assert sum(part.starts_segment for part in parts) == starts


def test_segmenter_audio_is_cut_alone_half_a_second_and_a_part_after_a_stalled_picture() -> None:
    segmenter = Segmenter()
    cut(segmenter, [frame(0, is_key=True)], BOTH)
    stall = segmenter.part_target + 45_000
    cuts = []
    for packet in sounds(2):
        parts = segmenter.push(Sequenced([packet], BOTH, 0))
        if parts:
            cuts.append((ticks(packet), parts))
    (at, parts), *_ = cuts
    assert stall < at <= stall + 1_920
    assert [packet.duration for packet in parts[0].packets if packet.track is VIDEO] == [3_000]
    assert parts[-1].start + parts[-1].duration <= at - 45_000


@table("rate", [24, 25, 30000 / 1001, 30, 50, 60])
def test_segmenter_knows_how_much_of_the_open_part_is_missing(rate: float) -> None:
    segmenter = Segmenter(part_ms=200)
    packets = frames(4, rate, key_every=1000)
    assert segmenter.missing == 0
    cut(segmenter, packets[:3], PICTURE)
    due = packets[2].dts + segmenter.missing
    complete = 0
    for packet in packets[3:]:
        parts = cut(segmenter, [packet], PICTURE)
        # The frame that ends a part is due then, but for the rounding of the wire's times.
        assert len(parts) == (packet.dts >= due - 90 * 10)
        complete += len(parts)
        due = packet.dts + segmenter.missing
    assert complete >= 18
