"""The curve of an audience, recorded as a few ramps."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.record.curve import TOLERANCE_SHARE, Ramp, ramps


def test_record_curve_straight_rise_is_one_ramp() -> None:
    points = [(second * 1_000, second * 10) for second in range(61)]

    assert ramps(points) == [Ramp(0, 0, 0), Ramp(0, 60_000, 600)]


def test_record_curve_without_points_has_no_ramp() -> None:
    assert ramps([]) == []
    assert ramps([(5_000, 7)]) == [Ramp(5_000, 0, 7)]


@given(st.lists(st.tuples(st.integers(1, 5_000), st.integers(0, 10_000)), min_size=1, max_size=60))
def test_record_curve_every_point_is_within_the_tolerance(steps: list[tuple[int, int]]) -> None:
    at_ms, points = 0, []
    for gap_ms, count in steps:
        at_ms += gap_ms
        points.append((at_ms, count))

    curve_ramps = ramps(points)

    slack = max(1.0, TOLERANCE_SHARE * max(count for _, count in points)) + 0.001
    for at_ms, count in points:
        assert abs(_height(curve_ramps, at_ms) - count) <= slack


def _height(curve_ramps: list[Ramp], at_ms: int) -> float:
    height = float(curve_ramps[0].to)
    for ramp in curve_ramps[1:]:
        if at_ms <= ramp.from_ms:
            return height
        share = min(1.0, (at_ms - ramp.from_ms) / ramp.for_ms)
        if at_ms <= ramp.from_ms + ramp.for_ms:
            return height + (ramp.to - height) * share
        height = float(ramp.to)
    return height
