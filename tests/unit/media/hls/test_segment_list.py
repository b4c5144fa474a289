"""SegmentList: packed segments are read unchanged."""

from itertools import pairwise

import pytest

from emulator.media.hls.segment_list import SegmentList
from emulator.media.hls.segments import Init, Segment, StoredPart

INITS = (Init(0, "avc1.64001f", 640, 360, 700), Init(7, "avc1.64001f", 1280, 720, 701))


def segment(msn: int) -> Segment:
    """A segment of five parts; no two are equal."""
    made = Segment(
        msn=msn,
        init=INITS[msn // 8 % 2],
        start=msn << 33,
        program_ms=1_764_000_000_000 + msn / 3,
        starts_discontinuity=msn % 8 == 0,
        is_independent=msn % 3 > 0,
        is_gap=msn == 9,
    )
    for index in range(5):
        part = StoredPart(5 * msn + index, made.length, 40_000_000 + msn, 18_000, index == 0, None)
        made.add(part, 6)
    return made


def facts(one: Segment) -> tuple[object, ...]:
    """All fields of a segment except its parts."""
    first = one.parts[0].number if one.parts else one.first_part
    count = len(one.parts) or one.part_count
    return (
        one.msn, one.init, one.start, one.program_ms, one.starts_discontinuity, one.is_independent,
        one.duration, one.length, one.frames, one.is_gap, first, count, one.duration_at_pause,
    )  # fmt: skip


@pytest.mark.parametrize("packed", [0, 1, 5, 12, 20])
def test_segment_list_reads_the_same_however_many_are_packed(packed: int) -> None:
    segments = [segment(msn) for msn in range(4, 24)]
    segments[3].duration_at_pause, segments[3].length_at_pause = 18_000, 40_000_000
    expected = [facts(one) for one in segments]
    shown = SegmentList()
    for one in segments:
        shown.append(one)
    shown.pack(4 + packed)
    assert len(shown) == 20
    assert [bool(one.parts) for one in shown] == [False] * packed + [True] * (20 - packed)
    assert [facts(one) for one in shown] == expected
    assert [facts(one) for one in reversed(shown)] == expected[::-1]
    assert [facts(shown[index]) for index in range(-20, 20)] == 2 * expected
    assert [facts(one) for one in shown[2:9:3]] == expected[2:9:3]
    for outside in (20, -21):
        with pytest.raises(IndexError):
            shown[outside]
    assert [init.number for init in shown.inits] == [0, 7]
    assert shown.duration == 20 * 90_000
    assert shown.has_gap

    for number in range(20):
        assert facts(shown.popleft()) == expected[number]
        assert shown.duration == (19 - number) * 90_000
        assert shown.has_gap is (number < 5)
    assert (len(shown), shown.inits) == (0, [])
    with pytest.raises(IndexError):
        shown.popleft()


def test_segment_list_asks_once_for_the_text_of_packed_segments() -> None:
    asked: list[int] = []

    def text_of(one: Segment) -> str:
        asked.append(one.msn)
        return f"text of {one.msn}"

    shown = SegmentList(segment(msn) for msn in range(10))
    shown[2].duration_at_pause = 18_000
    shown.pack(6)
    texts = [f"text of {msn}" for msn in range(10)]
    assert [*shown.texts(text_of)] == texts
    assert [*shown.texts(text_of, 4)] == texts[4:]
    assert [*shown.texts(text_of, 8)] == texts[8:]
    # Other playlists list differently where a publisher has left, and the newest segments.
    assert asked == [*range(10), *range(6, 10), 8, 9]
    shown.pack(8)
    asked.clear()
    for _ in range(3):
        shown.popleft()
    assert [*shown.texts(text_of)] == texts[3:]
    assert asked == [6, 7, 8, 9]


def test_segment_list_packs_only_written_segments() -> None:
    shown = SegmentList(segment(msn) for msn in range(6))
    shown[3].parts[4].content = b"not written yet"
    shown.pack(6)
    assert [bool(one.parts) for one in shown] == [False] * 3 + [True] * 3
    assert all(one.msn + 1 == other.msn for one, other in pairwise(shown))


def test_segment_list_keeps_segments_that_fit_in_no_row() -> None:
    large = segment(1)
    large.length = 1 << 33
    shown = SegmentList([segment(0), large, segment(2)])
    shown.pack(3)
    assert [one.length for one in shown] == [5 * 40_000_000, 1 << 33, 5 * 40_000_002]
    assert [shown.popleft().msn for _ in range(3)] == [0, 1, 2]
