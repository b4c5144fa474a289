"""The test broadcast as a decoder sees and hears it, second by second."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest

from emulator.core.clock import ManualClock
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.config import PublishConfig
from emulator.media.publisher.synthetic import SyntheticBroadcast
from tests.support.publisher import beeps, flashes, flv_file, pictures, tags_until
from tests.support.strip import read_strip
from tests.support.tables import table

NOW_MS = 1_767_225_600_123
SMALL = {"width": 320, "height": 180, "video_kbits": 400}


def broadcast_of(**settings: object) -> SyntheticBroadcast:
    return SyntheticBroadcast(PublishConfig(**SMALL | settings), ManualClock(NOW_MS))  # type: ignore[arg-type]


def times_of(tags: list[Tag], kind: str) -> list[int]:
    """The frames' times in milliseconds, without the codecs' headers."""
    return [tag.timestamp_ms for tag in tags if tag.kind == kind and tag.payload[1] == 1]


def key_times(tags: list[Tag]) -> list[int]:
    """FLV 10.1, E.4.3.1: frame type 1 and codec 7 are a key frame of H.264."""
    return [
        tag.timestamp_ms
        for tag in tags
        if tag.kind == "video" and tag.payload[0] == 0x17 and tag.payload[1] == 1
    ]


@table("fps", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)])
def test_synthetic_flash_and_beep_begin_within_a_frame_of_each_other(fps: Fraction) -> None:
    media = flv_file(tags_until(broadcast_of(fps=fps), 4200))

    seen, heard = flashes(pictures(media)), beeps(media)

    assert len(seen) == len(heard) == 5
    for flash, beep in zip(seen, heard, strict=True):
        assert abs(flash - beep) <= 1 / fps
    for before, after in pairwise(heard):
        assert after - before == pytest.approx(1, abs=0.002)


@table("fps", [Fraction(30), Fraction(30000, 1001), Fraction(15)])
def test_synthetic_time_stamps_only_grow_and_no_frame_is_missing(fps: Fraction) -> None:
    tags = tags_until(broadcast_of(fps=fps), 3000)

    times = [tag.timestamp_ms for tag in tags if tag.kind != "script" and tag.payload[1] == 1]
    assert times == sorted(times)
    video, audio = times_of(tags, "video"), times_of(tags, "audio")
    assert len(video) == -(-3 * fps // 1)
    assert {after - before for before, after in pairwise(video)} <= {1000 // fps, -(-1000 // fps)}
    # An AAC frame of 1,024 samples at 48 kHz is 21.3 ms long.
    assert {after - before for before, after in pairwise(audio)} <= {21, 22}


@table("seconds", [0.5, 1.0, 2.0])
def test_synthetic_key_frames_have_the_requested_interval(seconds: float) -> None:
    times = key_times(tags_until(broadcast_of(keyframe_seconds=seconds), 4500))

    assert len(times) == math.ceil(4.5 / seconds)
    assert {after - before for before, after in pairwise(times)} == {round(seconds * 1000)}


@table(("width", "height", "kbits"), [(320, 180, 300), (640, 360, 1000), (1280, 720, 2500)])
def test_synthetic_bit_rate_is_the_requested_one(width: int, height: int, kbits: int) -> None:
    tags = tags_until(broadcast_of(width=width, height=height, video_kbits=kbits), 4000)

    octets = sum(len(tag.payload) for tag in tags if tag.kind == "video")
    assert octets * 8 / 4000 == pytest.approx(kbits, rel=0.1)


def test_synthetic_bit_rate_change_holds_and_the_video_goes_on() -> None:
    # Given a broadcast whose bit rate is raised during it,
    broadcast = broadcast_of(video_kbits=200)
    before: list[Tag] = []
    while broadcast.due_ms < 2000:
        before += broadcast.step(broadcast.due_ms)
    broadcast.video_kbits = 1000
    after = tags_until(broadcast, 5000)

    # then the rate is kept, and a decoder sees every frame.
    octets = sum(len(tag.payload) for tag in after if tag.kind == "video")
    assert octets * 8 / 3000 == pytest.approx(1000, rel=0.15)
    seen = pictures(flv_file(before + after))
    assert len(seen) == 150
    assert all(read_strip(shot.frame) == NOW_MS for shot in seen)


def test_synthetic_frames_missed_in_a_stall_are_left_out_and_time_stays_true() -> None:
    # Given a machine that is stopped for 1.4 s in the middle of a second,
    broadcast = broadcast_of()
    tags: list[Tag] = []
    while broadcast.due_ms < 1500:
        tags += broadcast.step(broadcast.due_ms)
    tags += broadcast.step(2900)
    # when it continues,
    assert broadcast.due_ms == 2900
    tags += tags_until(broadcast, 4200)

    # then no frame was sent twice or made up, and flash and beep are in step as before.
    video = times_of(tags, "video")
    gaps = [after - before for before, after in pairwise(video) if after - before > 34]
    assert gaps == [pytest.approx(1400, abs=34)]
    media = flv_file(tags)
    lit, heard = flashes(pictures(media)), beeps(media)
    assert len(lit) == len(heard) == 4
    for flash, beep in zip(lit, heard, strict=True):
        assert abs(flash - beep) <= Fraction(1, 30)


def test_synthetic_frozen_video_stands_while_its_time_goes_on() -> None:
    clock = ManualClock(NOW_MS)
    broadcast = SyntheticBroadcast(PublishConfig(**SMALL), clock)  # type: ignore[arg-type]
    tags = broadcast.step(0)
    broadcast.is_frozen = True
    clock.advance(5000)
    tags += tags_until(broadcast, 1000)

    seen = pictures(flv_file(tags))
    assert len(seen) == 30
    assert {read_strip(shot.frame) for shot in seen} == {NOW_MS}


def test_synthetic_silent_one_has_inaudible_audio() -> None:
    broadcast = broadcast_of()
    broadcast.is_silent = True
    tags = tags_until(broadcast, 2000)

    assert len(times_of(tags, "audio")) > 90
    assert beeps(flv_file(tags)) == []


def test_synthetic_immediate_end_is_clean() -> None:
    assert broadcast_of().close() == []
