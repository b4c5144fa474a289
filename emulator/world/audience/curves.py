"""Curves and stays: how an audience comes and how long it watches. Pure: no clock, no store.

Chance is passed in. Counts are whole, and add up to what was asked for, whatever was drawn.
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
# So many equally likely lengths stand for a distribution: cheap, and its mean stays exact.
_BINS = 64
_GROUPS_MAX = 8
_STAY_MAX_MS = 31 * 86_400_000
_STAY = re.compile(r"([a-z]+)\(([^()]*)\)")
# Below this mean a binomial number is drawn person by person, above it from its normal shape.
_SMALL_MEAN = 12.0
_NEVER = 1e-12


def level(curve: Curve, x: float) -> float:
    """How far up (0 to 1) a ramp has come at `x` (0 to 1) of its time.

    `linear` evenly; `step` in four stairs, the first at once; `surge` fast at first, then slower;
    `bell` up to the top in the middle and down again; `sawtooth` four times up and back at once.
    The last instant of all but `bell` is the top.
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
    """Which share (0 to 1) of the arrivals has come at `x` (0 to 1) of the time.

    `linear` at an even rate; `step` in four groups; `surge` most of them early; `bell` most of them
    in the middle; `sawtooth` in four waves, each of them rising.
    """
    x = min(1.0, max(0.0, x))
    if curve == "bell":
        return x - math.sin(2 * math.pi * x) / (2 * math.pi)
    if curve == "sawtooth":
        wave = math.floor(x * _TEETH)
        return min(1.0, (wave + (x * _TEETH - wave) ** 2) / _TEETH)
    return level(curve, x)


def coming(total: int, before: int, done: float, share: float, chance: Chance | None) -> int:
    """How many of `total` come next, where `before` are there already.

    `done` is the share that should have come before, `share` with those that come now. Evenly
    without `chance`; with it as many as would if each came by itself.
    """
    left = total - before
    if share >= 1:
        return left
    if chance is None:
        return max(0, min(left, math.floor(total * share + 1e-9) - before))
    return binomial(chance, left, max(0.0, (share - done) / (1 - done)))


def binomial(chance: Chance, count: int, share: float) -> int:
    """How many of `count` do what each does with the probability `share`."""
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
    # Skip from one who does to the next: the gaps are geometric.
    number, position, base = 0, 0, math.log1p(-share)
    while True:
        position += math.floor(math.log1p(-chance.random()) / base) + 1
        if position > count:
            return number
        number += 1


class Stay(NamedTuple):
    """How long people watch, such as `lognormal(8m, 1.0)`. Milliseconds; `sigma` is a number.

    `lognormal(mean, sigma)`, `normal(mean, deviation)`, `uniform(from, to)`, `fixed(length)`.
    """

    distribution: Distribution
    first: float
    second: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Stay":
        """Refuses (`invalid`) an unknown distribution, and lengths out of bounds."""
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
                f"{text[:80]!r} is not a stay; write fixed(10m), uniform(2m, 1h), normal(10m, 3m)"
                " or lognormal(8m, 1.0).",
            )
        stay._check(text)
        return stay

    @property
    def mean_ms(self) -> float:
        return sum(self.lengths_ms()) / len(self.lengths_ms())

    def lengths_ms(self) -> tuple[float, ...]:
        """Equally likely lengths that stand for the distribution, the shortest first."""
        return _lengths(self)

    def _check(self, text: str) -> None:
        is_order = self.distribution != "uniform" or self.first <= self.second
        is_sigma = self.distribution != "lognormal" or 0 <= self.second <= 5
        if not (0 < self.first <= _STAY_MAX_MS and 0 <= self.second <= _STAY_MAX_MS):
            raise Refused("invalid", f"{text[:80]!r}: a stay lasts for more than 0 and up to 31d.")
        if not (is_order and is_sigma):
            raise Refused("invalid", f"{text[:80]!r}: from before to, and a sigma of 0 to 5.")


def sample(bins: int, count: int, at: float) -> list[tuple[int, int]]:
    """`count` people by which of `bins` equally likely lengths they take; `at` (0 to 1) is drawn.

    Systematic sampling: each length is taken as often as it should be, give or take one. Of fewer
    people a handful share a length, since each length costs; `at` moves from time to time, so that
    in the long run all lengths are taken.
    """
    if count < bins:
        groups = min(count, _GROUPS_MAX)
        if groups == count:
            # Rounding may carry the last of them over the end.
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
        # The mean of a slice of the normal distribution; nobody stays for less than nothing.
        return tuple(
            max(0.0, stay.first + stay.second * _BINS * (_density(low) - _density(high)))
            for low, high in bins
        )
    # The mean of a slice of the lognormal distribution, so that all of them keep its mean.
    return tuple(
        stay.first * _BINS * (_below(high - stay.second) - _below(low - stay.second))
        for low, high in bins
    )


@cache
def _normal() -> "NormalDist":
    from statistics import NormalDist  # Late: a start would pay 3 ms for it.

    return NormalDist()


def _density(z: float) -> float:
    return 0.0 if math.isinf(z) else _normal().pdf(z)


def _below(z: float) -> float:
    return (0.0 if z < 0 else 1.0) if math.isinf(z) else _normal().cdf(z)
