"""Arrivals: the instants of events that come at a rate. The random generator is passed in."""

import math
from collections.abc import Iterator
from typing import Literal

from emulator.core.ids import Chance

Arrivals = Literal["poisson", "even"]

# At a lower rate, each event has an instant of its own; at a higher one, they come in small
# batches.
_SINGLE_PER_SECOND = 5.0
# The batches are small enough that a person sees a steady stream of lines, and large enough to cost
# little each. A rate that lasts a day gets coarser batches.
_TICK_MS = 250
_TICK_MAX_MS = 10_000
_TICKS_MAX = 14_400


def ticks_of(
    rate: float, for_ms: int, arrivals: Arrivals, chance: Chance
) -> Iterator[tuple[int, int]]:
    """Yield pairs of the milliseconds to wait and the events that come then, for `for_ms`."""
    if rate <= 0 or for_ms <= 0:
        yield max(0, for_ms), 0
        return
    if rate < _SINGLE_PER_SECOND and rate * for_ms / 1000 <= _TICKS_MAX:
        yield from _singles(rate, for_ms, arrivals, chance)
        return
    tick_ms = min(_TICK_MAX_MS, max(_TICK_MS, for_ms // _TICKS_MAX // _TICK_MS * _TICK_MS))
    passed_ms, carry = 0, 0.0
    while passed_ms < for_ms:
        wait_ms = min(tick_ms, for_ms - passed_ms)
        passed_ms += wait_ms
        mean = rate * wait_ms / 1000
        if arrivals == "even":
            carry += mean
            count = int(carry + 1e-9)
            carry -= count
        else:
            count = poisson(mean, chance)
        yield wait_ms, count


def poisson(mean: float, chance: Chance) -> int:
    """Return a number from a Poisson distribution; a large mean uses a normal distribution."""
    if mean > 50:
        return max(0, round(mean + chance.gauss(0.0, 1.0) * math.sqrt(mean)))
    # The same as `chance.expovariate(1.0)` several times, which would cost twice as much.
    draw, log = chance.random, math.log
    count, passed = 0, -log(1.0 - draw())
    while passed <= mean:
        count += 1
        passed -= log(1.0 - draw())
    return count


def _singles(
    rate: float, for_ms: int, arrivals: Arrivals, chance: Chance
) -> Iterator[tuple[int, int]]:
    passed_ms = 0
    while True:
        gap_ms = 1000 / rate if arrivals == "even" else chance.expovariate(rate) * 1000
        wait_ms = max(1, round(gap_ms))
        if passed_ms + wait_ms > for_ms:
            yield for_ms - passed_ms, 0
            return
        passed_ms += wait_ms
        yield wait_ms, 1
