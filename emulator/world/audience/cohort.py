"""Cohort: the simulated viewers of one stream, as numbers. Pure: no store, no clock, no task.

It is what its orders have made of it: the same name and the same orders at the same instants give
the same crowd to the last viewer, so that only the orders need to be kept. A million viewers cost
as much as the instants at which some come or go.
"""

import heapq
import math
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from msgspec import Struct

from emulator.core.ids import Chance
from emulator.world.audience.curves import Arrivals, Curve, Stay, arrived, coming, level, sample

Verb = Literal["set", "add", "ramp", "churn", "take"]

QUARTER_MS = 900_000
_MINUTE_MS = 60_000
_SECOND_MS = 1_000
# A plan's instants lie a second apart, or more where fewer come or it goes on for hours.
_TICKS_S = (1, 2, 5, 10, 30, 60)
_TICKS_MIN = 60
_TICKS_MAX = 3_600
_ARRIVALS_A_TICK = 20
# Later than anything that is due.
NEVER_MS = 1 << 62
NOTHING: Mapping[str, float] = MappingProxyType({})
_REST = {"countries": "ZZ", "devices": "unknown", "referrers": "direct"}


class Mix(NamedTuple):
    """Traits of viewers: shares (of one) by name. The rest is unknown, or came directly."""

    countries: Mapping[str, float] = NOTHING
    devices: Mapping[str, float] = NOTHING
    referrers: Mapping[str, float] = NOTHING
    signed_in: float = 0.0


NOBODY_SPECIAL = Mix()


class CohortCommand(Struct, frozen=True, kw_only=True):
    """What is to become of a crowd. `count` is how many there are to be (`set`, `ramp`), come
    (`add`) or go (`take`); a ramp begins with `start`. Without a `stay` they stay to the end.
    """

    verb: Verb
    count: int = 0
    start: int = 0
    for_ms: int = 0
    curve: Curve = "linear"
    arrivals: Arrivals = "even"
    stay: Stay | None = None
    per_minute: float = 0.0
    mix: Mix = NOBODY_SPECIAL


class CohortPlan:
    """An order that is being carried out, instant after instant; the next is `due_ms`."""

    __slots__ = (
        "arrived",
        "carry",
        "chance",
        "done",
        "due_ms",
        "order",
        "recorded",
        "start_ms",
        "stays_ms",
        "tick_ms",
    )

    def __init__(self, order: CohortCommand, name: str, start_ms: int) -> None:
        self.order = order
        self.start_ms = start_ms
        self.chance = Chance(name)
        self.tick_ms = _tick_ms(order)
        self.stays_ms = _stays_ms(order.stay, self.tick_ms)
        self.done = -1
        self.arrived = 0
        # How many of them have been written down by their traits.
        self.recorded = 0
        self.carry = 0.0
        self.go_on()

    @property
    def is_over(self) -> bool:
        return self.due_ms == NEVER_MS

    @property
    def share(self) -> float:
        """How far it has come, 0 to 1."""
        if not self.order.for_ms:
            return 1.0
        return min(1.0, self.done * self.tick_ms / self.order.for_ms)

    @property
    def to_come(self) -> int:
        return self.order.count - self.arrived if self.order.verb == "add" else 0

    def go_on(self) -> None:
        """One instant more is done."""
        self.done += 1
        for_ms = self.order.for_ms
        if self.done * self.tick_ms >= for_ms:
            self.due_ms = NEVER_MS
        else:
            self.due_ms = self.start_ms + min((self.done + 1) * self.tick_ms, for_ms)


class Tally:
    """What has happened and is not written down yet.

    `points` are (instant, how many from then on), `stays` departures by whole minutes of watching,
    `quarters` arrivals by quarter hours.
    """

    __slots__ = ("arrived", "plans", "points", "quarters", "stays")

    def __init__(self) -> None:
        self.points: list[tuple[int, int]] = []
        self.arrived = 0
        self.stays: dict[int, int] = {}
        self.quarters: dict[int, int] = {}
        self.plans: list[CohortPlan] = []

    @property
    def is_due(self) -> bool:
        """There is something to write down."""
        return bool(self.points or self.arrived or self.stays or self.quarters or self.plans)


class Cohort:
    """`count` watch at `folded_ms`, the instant up to which it was folded."""

    def __init__(self, name: str) -> None:
        self.count = 0
        self.folded_ms = 0
        self.tally = Tally()
        self._name = name
        self._orders = 0
        self._plans: list[CohortPlan] = []
        # Viewers that will have left by an instant: (came at, how many); and those that stay.
        self._leaving: dict[int, list[tuple[int, int]]] = {}
        self._leave_at_ms: list[int] = []
        self._staying: deque[tuple[int, int]] = deque()

    @property
    def plans(self) -> list[CohortPlan]:
        """What still goes on."""
        return [plan for plan in self._plans if not plan.is_over]

    @property
    def to_come(self) -> int:
        """How many are on their way."""
        return sum(plan.to_come for plan in self._plans)

    @property
    def is_settled(self) -> bool:
        """Nothing will change by itself: nobody is about to come or go."""
        return not self._leave_at_ms and not self.plans

    @property
    def peak(self) -> int:
        """The most at any instant that is not written down yet, and now."""
        return max((count for _, count in self.tally.points), default=self.count)

    def next_ms(self) -> int | None:
        """When somebody comes or goes next."""
        due_ms = self._due_ms()
        return None if due_ms == NEVER_MS else due_ms

    def present(self) -> list[tuple[int, int]]:
        """The viewers of now: (came at, how many)."""
        leaving = [viewer for bucket in self._leaving.values() for viewer in bucket]
        return [*leaving, *self._staying]

    def fold(self, to_ms: int) -> None:
        """Let everything happen up to and with this instant."""
        leave_at_ms = self._leave_at_ms
        self.folded_ms = max(self.folded_ms, to_ms)
        while (now_ms := self._due_ms()) <= to_ms:
            before = self.count
            if leave_at_ms and leave_at_ms[0] == now_ms:
                heapq.heappop(leave_at_ms)
                for came_at_ms, count in self._leaving.pop(now_ms):
                    self._gone(came_at_ms, count, now_ms)
            for plan in self._plans:
                if plan.due_ms == now_ms:
                    self._go_on(plan, now_ms)
                    if plan.is_over:
                        self._plans = self.plans
            self._note(before, now_ms)

    def obey(self, order: CohortCommand, at_ms: int) -> None:
        """Carry an order out, or begin to. The crowd has been folded up to this instant."""
        self._orders += 1
        before = self.count
        plan = CohortPlan(order, f"{self._name}/{self._orders}", at_ms)
        if order.verb in ("set", "ramp"):
            self._plans.clear()
            self._reach(plan, order.count if order.verb == "set" else order.start, at_ms)
        elif order.verb == "take":
            self._take(order.count, at_ms)
        elif order.verb == "add" and not order.for_ms:
            self._arrive(plan, order.count, at_ms)
        if not plan.is_over:
            self._plans.append(plan)
        self._note(before, at_ms)

    def write_down(self) -> Tally:
        """Take how many came and went off the tally, for the caller to write down."""
        tally, rest = self.tally, Tally()
        rest.stays, rest.quarters, rest.plans = tally.stays, tally.quarters, tally.plans
        self.tally = rest
        return tally

    def tell(self) -> tuple[dict[int, int], dict[int, int], list[CohortPlan]]:
        """Take who they are off the tally: stays, quarters, and the plans that have brought some.

        The caller says of each plan how many of its viewers are told now.
        """
        tally, rest = self.tally, Tally()
        rest.points, rest.arrived = tally.points, tally.arrived
        self.tally = rest
        return tally.stays, tally.quarters, tally.plans

    def leave(self, at_ms: int) -> int:
        """Everybody goes, and nobody comes any more. Returns how many went."""
        left = self.count
        self._plans.clear()
        self._take(left, at_ms)
        self._note(left, at_ms)
        return left

    def _go_on(self, plan: CohortPlan, now_ms: int) -> None:
        order, before = plan.order, plan.share
        plan.go_on()
        if order.verb == "ramp":
            height = level(order.curve, plan.share)
            self._reach(plan, round(order.start + (order.count - order.start) * height), now_ms)
        elif order.verb == "churn":
            wanted = self.count * order.per_minute * plan.tick_ms / _MINUTE_MS + plan.carry
            count = min(self.count, math.floor(wanted))
            plan.carry = wanted - math.floor(wanted)
            self._take(count, now_ms)
            self._arrive(plan, count, now_ms)
        else:
            done, share = arrived(order.curve, before), arrived(order.curve, plan.share)
            chance = plan.chance if order.arrivals == "poisson" else None
            count = coming(order.count, plan.arrived, done, share, chance)
            self._arrive(plan, count, now_ms)

    def _reach(self, plan: CohortPlan, count: int, now_ms: int) -> None:
        if count > self.count:
            self._arrive(plan, count - self.count, now_ms)
        else:
            self._take(self.count - count, now_ms)

    def _arrive(self, plan: CohortPlan, count: int, now_ms: int) -> None:
        if not count:
            return
        self.count += count
        tally = self.tally
        if plan.arrived == plan.recorded:
            tally.plans.append(plan)
        plan.arrived += count
        tally.arrived += count
        quarter_ms = now_ms - now_ms % QUARTER_MS
        tally.quarters[quarter_ms] = tally.quarters.get(quarter_ms, 0) + count
        stays_ms = plan.stays_ms
        if stays_ms is None:
            self._staying.append((now_ms, count))
            return
        at = plan.chance.random() if len(stays_ms) > 1 else 0.0
        leaving = self._leaving
        for length, some in sample(len(stays_ms), count, at):
            when_ms = now_ms + stays_ms[length]
            bucket = leaving.get(when_ms)
            if bucket is None:
                leaving[when_ms] = [(now_ms, some)]
                heapq.heappush(self._leave_at_ms, when_ms)
            else:
                bucket.append((now_ms, some))

    def _take(self, count: int, now_ms: int) -> None:
        """So many go now: the next to leave first, then the first to come of those that stay."""
        while count and self._leave_at_ms:
            bucket = self._leaving[self._leave_at_ms[0]]
            came_at_ms, some = bucket.pop()
            if some > count:
                bucket.append((came_at_ms, some - count))
            count -= self._gone(came_at_ms, min(some, count), now_ms)
            if not bucket:
                del self._leaving[heapq.heappop(self._leave_at_ms)]
        while count and self._staying:
            came_at_ms, some = self._staying.popleft()
            if some > count:
                self._staying.appendleft((came_at_ms, some - count))
            count -= self._gone(came_at_ms, min(some, count), now_ms)

    def _gone(self, came_at_ms: int, count: int, now_ms: int) -> int:
        self.count -= count
        minutes = (now_ms - came_at_ms) // _MINUTE_MS
        self.tally.stays[minutes] = self.tally.stays.get(minutes, 0) + count
        return count

    def _due_ms(self) -> int:
        due_ms = self._leave_at_ms[0] if self._leave_at_ms else NEVER_MS
        for plan in self._plans:
            if plan.due_ms < due_ms:
                due_ms = plan.due_ms
        return due_ms

    def _note(self, before: int, now_ms: int) -> None:
        if self.count != before:
            self.tally.points.append((now_ms, self.count))


def split(count: int, shares: Mapping[str, float], rest: str) -> dict[str, int]:
    """Whole numbers in these shares, by the largest remainder, that add up to `count`.

    What the shares leave over belongs to `rest`.
    """
    left = max(0.0, 1.0 - sum(shares.values()))
    wanted = {**shares, rest: shares.get(rest, 0.0) + left}
    total = sum(wanted.values()) or 1.0
    exact = {name: count * share / total for name, share in wanted.items()}
    whole = {name: int(value) for name, value in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in by_remainder[: count - sum(whole.values())]:
        whole[name] += 1
    return {name: value for name, value in whole.items() if value}


def unrecorded(
    plan: CohortPlan, kind: Literal["countries", "devices", "referrers"]
) -> dict[str, int]:
    """Of the viewers since the last call: how many more (or fewer) of each name."""
    shares: Mapping[str, float] = getattr(plan.order.mix, kind)
    after, before = (split(count, shares, _REST[kind]) for count in (plan.arrived, plan.recorded))
    names = {**after, **before}
    return {name: after.get(name, 0) - before.get(name, 0) for name in names}


def signed_in_of(plan: CohortPlan) -> int:
    """Of the viewers since the last call: how many are signed in."""
    share = plan.order.mix.signed_in
    return round(plan.arrived * share) - round(plan.recorded * share)


def _stays_ms(stay: Stay | None, tick_ms: int) -> tuple[int, ...] | None:
    """How long those of a plan stay, each length as likely; None for to the end.

    Lengths that are drawn are whole ticks, so that many leave at the same instant.
    """
    if stay is None:
        return None
    if stay.distribution == "fixed":
        return (max(1, round(stay.first)),)
    return tuple((round(length_ms / tick_ms) or 1) * tick_ms for length_ms in stay.lengths_ms())


def _tick_ms(order: CohortCommand) -> int:
    """How far a plan's instants lie apart: an hour's for a million is a second's, for few more."""
    span_ms = order.for_ms or (order.stay.mean_ms if order.stay else _SECOND_MS)
    most = max(order.count, order.start, 1)
    wanted_ms = span_ms * _ARRIVALS_A_TICK / most
    fitting = [
        tick_s * _SECOND_MS
        for tick_s in _TICKS_S
        if tick_s * _SECOND_MS <= min(wanted_ms, span_ms / _TICKS_MIN)
    ]
    coarse_ms = math.ceil(span_ms / _TICKS_MAX / _SECOND_MS) * _SECOND_MS
    return max(_SECOND_MS, coarse_ms, *fitting)
