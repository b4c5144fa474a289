"""Expectations: one `expect` from its start until it is met, or its time is over."""

import math
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.scenario.engine.results import Judged
from emulator.scenario.engine.run import Run
from emulator.scenario.facts import conditions, registry
from emulator.scenario.language.scenario import Holds, Place


class ExpectationCheck:
    """One watched fact. Times are the world's."""

    def __init__(
        self,
        path: str,
        raw: Any,
        place: Place,
        step: str = "",
        within_ms: int = 0,
        holds: Holds = "at the end",
    ) -> None:
        self.path = path
        self.place = place
        self.step = step
        self.within_ms = within_ms
        self.holds = holds
        self._fact, _, self._middle = registry.find(path)
        self._where, _ = conditions.split(raw)
        self._condition = self._fact.condition(raw)
        self._value: Any = None
        self._why = ""
        self._closest: Any = None
        self._closest_ms: int | None = None
        self._distance = math.inf

    def look(self, run: Run) -> bool:
        """Check whether the condition is met now."""
        try:
            self._value, self._why = self._fact.value(run, self._middle, self._where), ""
        except Refused as refused:
            self._value, self._why = None, refused.message
            return False
        distance = self._condition.distance(self._value)
        if distance < self._distance:
            self._closest, self._closest_ms = self._value, run.world.now_ms
            self._distance = distance
        return self._condition.holds(self._value)

    def judged(self, run: Run, *, is_met: bool) -> Judged:
        kind, is_measured = self._fact.kind, self._distance not in (0.0, math.inf)
        is_once = self.holds == "at the end"
        closest_ms = self._closest_ms if is_measured and is_once and not is_met else None
        wanted = {"never": f"never {self._condition.text}"}.get(self.holds, self._condition.text)
        if self.holds == "throughout":
            wanted += " throughout"
        return Judged(
            path=self.path,
            wanted=wanted,
            is_met=is_met,
            seen=conditions.shown(kind, self._value),
            at_ms=run.world.now_ms - run.began_ms,
            place=self.place,
            step=self.step,
            within_ms=self.within_ms,
            closest="" if closest_ms is None else conditions.shown(kind, self._closest),
            closest_ms=None if closest_ms is None else closest_ms - run.began_ms,
            why=self._why,
        )


class CheckGroup(Struct):
    """All facts of one `expect`, until `until_ms`; None: until the run ends."""

    run: Run
    left: list[ExpectationCheck]
    until_ms: int | None

    def look(self) -> Iterator[Judged]:
        """Yield the judged ones: `expect` when met, `throughout` and `never` when missed.

        At the end, the remaining facts of `expect` are missed, and those of the others are met.
        """
        is_over = self.until_ms is not None and self.run.world.now_ms >= self.until_ms
        left = []
        for check in self.left:
            is_met = check.look(self.run) is not (check.holds == "never")
            is_settled = is_met is (check.holds == "at the end")
            if is_settled or is_over:
                yield check.judged(self.run, is_met=is_met)
            else:
                left.append(check)
        self.left = left

    def end(self) -> None:
        """End the time of this group now."""
        self.until_ms = self.run.world.now_ms
