"""Cohort: the simulated viewers of one stream, as numbers. Pure: no store, no clock, no task.

Its state follows from its commands alone: the same name and the same commands at the same times
give exactly the same viewers, so only the commands are stored. The cost depends on the number of
instants at which viewers come or leave, not on the number of viewers.
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
# The step between a plan's instants: a second, or more if few viewers come or it lasts for hours.
_TICKS_S = (1, 2, 5, 10, 30, 60)
_TICKS_MIN = 60
_TICKS_MAX = 3_600
_ARRIVALS_A_TICK = 20
# Later than any time at which something is due.
NEVER_MS = 1 << 62
NOTHING: Mapping[str, float] = MappingProxyType({})
_DEFAULT_NAMES = {"countries": "ZZ", "devices": "unknown", "referrers": "direct"}


class Mix(NamedTuple):
    """Traits of viewers: shares (0 to 1) by name.

    The viewers that the shares leave over have an unknown country and device, and came directly.
    """

    countries: Mapping[str, float] = NOTHING
    devices: Mapping[str, float] = NOTHING
    referrers: Mapping[str, float] = NOTHING
    signed_in: float = 0.0


NOBODY_SPECIAL = Mix()


class CohortCommand(Struct, frozen=True, kw_only=True):
    """A command to a cohort. Without a `stay` the new viewers stay until the stream ends.

    `count` is the number of viewers to reach (`set`, `ramp`), to add (`add`) or to remove (`take`);
    a `ramp` begins with `start` viewers.
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
    """A command in progress: it acts at instants, the next of which is `due_ms`."""

    __slots__ = (
        "arrived",
        "carry",
        "chance",
        "command",
        "done",
        "due_ms",
        "recorded",
        "start_ms",
        "stays_ms",
        "tick_ms",
    )

    def __init__(self, command: CohortCommand, name: str, start_ms: int) -> None:
        self.command = command
        self.start_ms = start_ms
        self.chance = Chance(name)
        self.tick_ms = _tick_ms(command)
        self.stays_ms = _stays_ms(command.stay, self.tick_ms)
        self.done = -1
        self.arrived = 0
        # The number of its viewers whose traits are already recorded.
        self.recorded = 0
        self.carry = 0.0
        self.go_on()

    @property
    def is_over(self) -> bool:
        return self.due_ms == NEVER_MS

    @property
    def share(self) -> float:
        """The part of its time that is over, 0 to 1."""
        if not self.command.for_ms:
            return 1.0
        return min(1.0, self.done * self.tick_ms / self.command.for_ms)

    @property
    def to_come(self) -> int:
        return self.command.count - self.arrived if self.command.verb == "add" else 0

    def go_on(self) -> None:
        """Count one more instant as done."""
        self.done += 1
        for_ms = self.command.for_ms
        if self.done * self.tick_ms >= for_ms:
            self.due_ms = NEVER_MS
        else:
            self.due_ms = self.start_ms + min((self.done + 1) * self.tick_ms, for_ms)


class Tally:
    """The changes of a cohort that are not recorded yet.

    `points` are pairs (time in ms, viewers from then on), `stays` counts departures by whole
    minutes watched, `quarters` counts arrivals by quarter of an hour.
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
        """Whether there is something to record."""
        return bool(self.points or self.arrived or self.stays or self.quarters or self.plans)


class Cohort:
    """The simulated viewers of one stream: `count` of them at the time `folded_ms`.

    `fold` computes the state of a later time.
    """

    def __init__(self, name: str) -> None:
        self.count = 0
        self.folded_ms = 0
        self.tally = Tally()
        self._name = name
        self._commands = 0
        self._plans: list[CohortPlan] = []
        # Viewers by the time at which they leave, and those that stay: pairs (came at, how many).
        self._leaving: dict[int, list[tuple[int, int]]] = {}
        self._leave_at_ms: list[int] = []
        self._staying: deque[tuple[int, int]] = deque()

    @property
    def plans(self) -> list[CohortPlan]:
        """The plans that are not over."""
        return [plan for plan in self._plans if not plan.is_over]

    @property
    def to_come(self) -> int:
        """The number of viewers that `add` commands will still bring."""
        return sum(plan.to_come for plan in self._plans)

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change without a command: no arrival and no departure is due."""
        return not self._leave_at_ms and not self.plans

    @property
    def peak(self) -> int:
        """The most viewers at any instant that is not recorded yet, or now."""
        return max((count for _, count in self.tally.points), default=self.count)

    def next_ms(self) -> int | None:
        """The time of the next arrival or departure; None if there is none."""
        due_ms = self._due_ms()
        return None if due_ms == NEVER_MS else due_ms

    def present(self) -> list[tuple[int, int]]:
        """The current viewers, as pairs (came at, how many)."""
        leaving = [viewer for bucket in self._leaving.values() for viewer in bucket]
        return [*leaving, *self._staying]

    def fold(self, to_ms: int) -> None:
        """Compute all arrivals and departures up to and including this time."""
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

    def apply(self, command: CohortCommand, at_ms: int) -> None:
        """Apply a command, or begin to. The cohort must have been folded to `at_ms`."""
        self._commands += 1
        before = self.count
        plan = CohortPlan(command, f"{self._name}/{self._commands}", at_ms)
        if command.verb in ("set", "ramp"):
            self._plans.clear()
            self._reach(plan, command.count if command.verb == "set" else command.start, at_ms)
        elif command.verb == "take":
            self._take(command.count, at_ms)
        elif command.verb == "add" and not command.for_ms:
            self._arrive(plan, command.count, at_ms)
        if not plan.is_over:
            self._plans.append(plan)
        self._note(before, at_ms)

    def take_counts(self) -> Tally:
        """Return the counts of the tally and clear them; the caller records them."""
        tally, remaining = self.tally, Tally()
        remaining.stays, remaining.quarters = tally.stays, tally.quarters
        remaining.plans = tally.plans
        self.tally = remaining
        return tally

    def take_traits(self) -> tuple[dict[int, int], dict[int, int], list[CohortPlan]]:
        """Return stays, quarters, and the plans that brought viewers, and clear them.

        The caller records the viewers of each plan by `unrecorded`, and sets `plan.recorded`.
        """
        tally, remaining = self.tally, Tally()
        remaining.points, remaining.arrived = tally.points, tally.arrived
        self.tally = remaining
        return tally.stays, tally.quarters, tally.plans

    def leave(self, at_ms: int) -> int:
        """Remove all viewers and stop all plans. Returns how many left."""
        left = self.count
        self._plans.clear()
        self._take(left, at_ms)
        self._note(left, at_ms)
        return left

    def _go_on(self, plan: CohortPlan, now_ms: int) -> None:
        command, before = plan.command, plan.share
        plan.go_on()
        if command.verb == "ramp":
            height = level(command.curve, plan.share)
            self._reach(
                plan, round(command.start + (command.count - command.start) * height), now_ms
            )
        elif command.verb == "churn":
            wanted = self.count * command.per_minute * plan.tick_ms / _MINUTE_MS + plan.carry
            count = min(self.count, math.floor(wanted))
            plan.carry = wanted - math.floor(wanted)
            self._take(count, now_ms)
            self._arrive(plan, count, now_ms)
        else:
            done, share = arrived(command.curve, before), arrived(command.curve, plan.share)
            chance = plan.chance if command.arrivals == "poisson" else None
            count = coming(command.count, plan.arrived, done, share, chance)
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
        """Remove viewers: those that would leave next, then the earliest of those that stay."""
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
    """Split `count` into whole numbers by these shares (largest remainder method).

    The numbers add up to `count`. What the shares leave over goes to the name `rest`.
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
    """Return how many of the plan's unrecorded viewers have each name; a number may be negative."""
    shares: Mapping[str, float] = getattr(plan.command.mix, kind)
    after, before = (
        split(count, shares, _DEFAULT_NAMES[kind]) for count in (plan.arrived, plan.recorded)
    )
    names = {**after, **before}
    return {name: after.get(name, 0) - before.get(name, 0) for name in names}


def signed_in_of(plan: CohortPlan) -> int:
    """Return how many of the plan's unrecorded viewers are signed in."""
    share = plan.command.mix.signed_in
    return round(plan.arrived * share) - round(plan.recorded * share)


def _stays_ms(stay: Stay | None, tick_ms: int) -> tuple[int, ...] | None:
    """Return equally likely lengths of stay of a plan's viewers; None: until the end.

    Random lengths are multiples of the tick, so that many viewers leave at the same instant.
    """
    if stay is None:
        return None
    if stay.distribution == "fixed":
        return (max(1, round(stay.first)),)
    return tuple((round(length_ms / tick_ms) or 1) * tick_ms for length_ms in stay.lengths_ms())


def _tick_ms(command: CohortCommand) -> int:
    """Return the step between a plan's instants: a second for a million viewers, more for few."""
    span_ms = command.for_ms or (command.stay.mean_ms if command.stay else _SECOND_MS)
    most = max(command.count, command.start, 1)
    wanted_ms = span_ms * _ARRIVALS_A_TICK / most
    candidates = [
        tick_s * _SECOND_MS
        for tick_s in _TICKS_S
        if tick_s * _SECOND_MS <= min(wanted_ms, span_ms / _TICKS_MIN)
    ]
    coarse_ms = math.ceil(span_ms / _TICKS_MAX / _SECOND_MS) * _SECOND_MS
    return max(_SECOND_MS, coarse_ms, *candidates)
