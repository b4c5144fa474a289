"""Curve: the curve of an audience as a few ramps that match it within a tolerance. Pure."""

from itertools import pairwise

from msgspec import Struct

# A share of the curve's maximum; a ramp that is off by less looks the same in a chart.
TOLERANCE_SHARE = 0.03


class Ramp(Struct, frozen=True):
    """A linear change to `to`, which starts at `from_ms` and lasts `for_ms`; 0 is a jump."""

    from_ms: int
    for_ms: int
    to: int


def ramps(points: list[tuple[int, int]]) -> list[Ramp]:
    """Return ramps through points of (instant, count from then on), none off by more than 3 %.

    The curve is split where a straight line is furthest off (Ramer, Douglas, Peucker).
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
    """Return the corners of the curve without its first point.

    There is no recursion, because curves can be long.
    """
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
