"""Curve: points of an audience as the few ramps that say the same, within a tolerance. Pure."""

from itertools import pairwise

from msgspec import Struct

# Of what the curve's top is; a ramp that is off by less looks the same in a chart.
TOLERANCE_SHARE = 0.03


class Ramp(Struct, frozen=True):
    """From `from_ms` on, for `for_ms`, to `to`. A `for_ms` of 0 is a jump."""

    from_ms: int
    for_ms: int
    to: int


def ramps(points: list[tuple[int, int]]) -> list[Ramp]:
    """Straight ramps through (instant, how many from then on), none off by more than 3 %.

    By splitting where the line is furthest off (Ramer, Douglas, Peucker).
    """
    if not points:
        return []
    tolerance = max(1.0, TOLERANCE_SHARE * max(count for _, count in points))
    corners = [points[0], *_split(points, tolerance)]
    ramps = [Ramp(corners[0][0], 0, corners[0][1])]
    for (before_ms, before), (at_ms, count) in pairwise(corners):
        if count != before or at_ms - before_ms > 0:
            ramps.append(Ramp(before_ms, at_ms - before_ms, count))
    return [ramp for ramp in ramps if ramp.for_ms or ramp is ramps[0]]


def _split(points: list[tuple[int, int]], tolerance: float) -> list[tuple[int, int]]:
    """Where the line must turn, without its first point. Without recursion: crowds are long."""
    counts = {len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        worst, off = _furthest(points, first, last)
        if off > tolerance:
            counts.add(worst)
            spans += [(first, worst), (worst, last)]
    return [points[index] for index in sorted(counts) if index]


def _furthest(points: list[tuple[int, int]], first: int, last: int) -> tuple[int, float]:
    (from_ms, low), (to_ms, high) = points[first], points[last]
    length_ms = max(1, to_ms - from_ms)
    worst, most = first, 0.0
    for index in range(first + 1, last):
        at_ms, count = points[index]
        off = abs(count - (low + (high - low) * (at_ms - from_ms) / length_ms))
        if off > most:
            worst, most = index, off
    return worst, most
