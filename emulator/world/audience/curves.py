"""Curves and stays: how viewers arrive and how long they watch. Pure: no clock, no store.

The random generator is passed in. Counts are whole numbers and add up to the requested number,
whatever it draws.
"""

import math
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from emulator.core import quantities
from emulator.core.errors import Refused
from emulator.core.ids import Chance

if TYPE_CHECKING:
    from statistics import NormalDist

Curve = Literal["linear", "step", "surge", "bell", "sawtooth"]
Arrivals = Literal["poisson", "even"]
Distribution = Literal["lognormal", "normal", "uniform", "fixed"]

_STAIRS = 4
_TEETH = 4
# Equally likely lengths that represent a distribution: cheap, and the mean stays exact.
_BINS = 64
_GROUPS_MAX = 8
_STAY_MAX_MS = 31 * 86_400_000
_STAY = re.compile(r"([a-z]+)\(([^()]*)\)")
# Below this mean a binomial number is drawn exactly, above it by its normal approximation.
_SMALL_MEAN = 12.0
_NEVER = 1e-12


def level(curve: Curve, x: float) -> float:
    """Return the height (0 to 1) of a ramp at `x` (0 to 1) of its time.

    `linear`: evenly; `step`: in four stairs, the first at once; `surge`: fast at first, then
    slower; `bell`: to the top in the middle and down again; `sawtooth`: four times up, and back at
    once. At the last instant all but `bell` are at the top.
    """
    x = min(1.0, max(0.0, x))
    if curve == "linear":
        return x
    if curve == "step":
        return min(1.0, (math.floor(x * _STAIRS) + 1) / _STAIRS)
    if curve == "surge":
        return 1 - (1 - x) ** 3
    if curve == "bell":
        return math.sin(math.pi * x) ** 2
    return 1.0 if x == 1 else x * _TEETH % 1


def arrived(curve: Curve, x: float) -> float:
    """Return the share (0 to 1) of the arrivals that have come at `x` (0 to 1) of the time.

    `linear`: at an even rate; `step`: in four groups; `surge`: most of them early; `bell`: most of
    them in the middle; `sawtooth`: in four waves, each rising.
    """
    x = min(1.0, max(0.0, x))
    if curve == "bell":
        return x - math.sin(2 * math.pi * x) / (2 * math.pi)
    if curve == "sawtooth":
        wave = math.floor(x * _TEETH)
        return min(1.0, (wave + (x * _TEETH - wave) ** 2) / _TEETH)
    return level(curve, x)


def coming(total: int, before: int, done: float, share: float, chance: Chance | None) -> int:
    """Return how many of `total` viewers come next, if `before` have come already.

    `done` is the share that should have come before, `share` the one that should have come now.
    Without `chance` they come evenly; with it the number is random, as if each viewer came
    independently.
    """
    left = total - before
    if share >= 1:
        return left
    if chance is None:
        return max(0, min(left, math.floor(total * share + 1e-9) - before))
    return binomial(chance, left, max(0.0, (share - done) / (1 - done)))


def binomial(chance: Chance, count: int, share: float) -> int:
    """Draw a binomial number: `count` trials with the probability `share` each."""
    if count <= 0 or share < _NEVER:
        return 0
    if share >= 1:
        return count
    if share > 0.5:
        return count - binomial(chance, count, 1 - share)
    mean = count * share
    if mean > _SMALL_MEAN:
        drawn = round(mean + chance.gauss(0, 1) * math.sqrt(mean * (1 - share)))
        return min(count, max(0, drawn))
    # Jump from one success to the next: the gaps are geometrically distributed.
    number, position, base = 0, 0, math.log1p(-share)
    while True:
        position += math.floor(math.log1p(-chance.random()) / base) + 1
        if position > count:
            return number
        number += 1


class Stay(NamedTuple):
    """The time that viewers watch, such as `lognormal(8m, 1.0)`, in ms; `sigma` is a number."""

    distribution: Distribution
    first: float
    second: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Stay":
        """Parse a stay. Refuses (`invalid`) an unknown distribution, and lengths out of bounds."""
        match = _STAY.fullmatch(text.strip())
        arguments = [part.strip() for part in match[2].split(",")] if match else []
        name = match[1] if match else "fixed"
        if not match:
            arguments = [text.strip()]
        if name == "fixed" and len(arguments) == 1:
            stay = cls("fixed", _duration_ms(arguments[0]))
        elif name == "lognormal" and len(arguments) == 2:
            stay = cls("lognormal", _duration_ms(arguments[0]), _number(arguments[1]))
        elif name == "normal" and len(arguments) == 2:
            stay = cls("normal", _duration_ms(arguments[0]), _duration_ms(arguments[1]))
        elif name == "uniform" and len(arguments) == 2:
            stay = cls("uniform", _duration_ms(arguments[0]), _duration_ms(arguments[1]))
        else:
            raise Refused(
                "invalid",
                f"Invalid stay {text[:80]!r}; write fixed(10m), uniform(2m, 1h), normal(10m, 3m)"
                " or lognormal(8m, 1.0).",
            )
        stay._check(text)
        return stay

    @property
    def mean_ms(self) -> float:
        return sum(self.lengths_ms()) / len(self.lengths_ms())

    def lengths_ms(self) -> tuple[float, ...]:
        """Return equally likely lengths (ms) that represent the distribution, shortest first."""
        return _lengths(self)

    def _check(self, text: str) -> None:
        is_order = self.distribution != "uniform" or self.first <= self.second
        is_sigma = self.distribution != "lognormal" or 0 <= self.second <= 5
        if not (0 < self.first <= _STAY_MAX_MS and 0 <= self.second <= _STAY_MAX_MS):
            raise Refused(
                "invalid", f"{text[:80]!r}: a stay must be longer than 0 and at most 31d."
            )
        if not (is_order and is_sigma):
            raise Refused(
                "invalid", f"{text[:80]!r}: `from` must not exceed `to`, and sigma must be 0 to 5."
            )


def sample(bins: int, count: int, at: float) -> list[tuple[int, int]]:
    """Distribute `count` viewers over `bins` equally likely lengths, as pairs (bin, viewers).

    Systematic sampling: `at` (0 to 1) is random, and each bin gets its exact share, rounded up or
    down. Fewer viewers than bins share a few lengths, since each length costs; `at` changes from
    call to call, so that over time all lengths are used.
    """
    if count < bins:
        groups = min(count, _GROUPS_MAX)
        if groups == count:
            # Rounding may move the last one past the end.
            return [
                (min(bins - 1, int((person + at) * bins / count)), 1) for person in range(count)
            ]
        width, share, more = bins / groups, count // groups, count % groups
        return [
            (min(bins - 1, int((group + at) * width)), share + 1 if group < more else share)
            for group in range(groups)
        ]
    counts, before = [], 0
    for number in range(1, bins):
        until = math.floor(count * number / bins + at)
        if until > before:
            counts.append((number - 1, until - before))
            before = until
    return [*counts, (bins - 1, count - before)] if count > before else counts


def _duration_ms(text: str) -> int:
    try:
        return quantities.duration_ms(text)
    except ValueError as error:
        raise Refused("invalid", f"{error}.") from None


def _number(text: str) -> float:
    try:
        return quantities.number(text)
    except ValueError as error:
        raise Refused("invalid", f"{error}.") from None


@lru_cache(maxsize=256)
def _lengths(stay: Stay) -> tuple[float, ...]:
    if stay.distribution == "fixed" or (stay.distribution != "uniform" and stay.second == 0):
        return (stay.first,)
    if stay.distribution == "uniform":
        width = (stay.second - stay.first) / _BINS
        return tuple(stay.first + (number + 0.5) * width for number in range(_BINS))
    normal = _normal()
    edges = [normal.inv_cdf(number / _BINS) for number in range(1, _BINS)]
    bins = zip([-math.inf, *edges], [*edges, math.inf], strict=True)
    if stay.distribution == "normal":
        # The mean of a slice of the normal distribution; negative stays become 0.
        return tuple(
            max(0.0, stay.first + stay.second * _BINS * (_density(low) - _density(high)))
            for low, high in bins
        )
    # The mean of a slice of the lognormal distribution, so that the total mean is exact.
    return tuple(
        stay.first * _BINS * (_below(high - stay.second) - _below(low - stay.second))
        for low, high in bins
    )


@cache
def _normal() -> "NormalDist":
    from statistics import NormalDist  # Late: it would add 3 ms to a start.

    return NormalDist()


def _density(z: float) -> float:
    return 0.0 if math.isinf(z) else _normal().pdf(z)


def _below(z: float) -> float:
    return (0.0 if z < 0 else 1.0) if math.isinf(z) else _normal().cdf(z)
