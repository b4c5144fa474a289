"""Tally: adds up a sweep's results as they come. Their order does not change the sums.

It needs eight bytes for each figure of each run, and keeps the first failed runs.
"""

import hashlib
from array import array
from collections import Counter
from typing import Any

from msgspec import Struct, field

from emulator.sweep.plan import ParameterRange, measure
from emulator.sweep.result import ExpectationResult, RunResult, StepFailure, number_in

FAILURES_MAX = 100
TEXTS_MAX = 20
_HASH_BITS = 256


class Values(Struct):
    """One figure's values, one for each run. `unit` is that of `Quantity`."""

    unit: str = ""
    numbers: "array[float]" = field(default_factory=lambda: array("d"))


class ExpectationTally(Struct):
    """One expectation over all runs. `first` is the one of the run with the lowest seed."""

    first: ExpectationResult
    first_seed: int
    judged: int = 0
    missed: int = 0
    wanted: set[str] = field(default_factory=set)
    missed_first: ExpectationResult | None = None
    missed_first_seed: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    values: Values = field(default_factory=Values)


class StepTally(Struct):
    """A step that failed in some runs."""

    first: StepFailure
    first_seed: int
    runs: int = 0


class Failure(Struct, frozen=True, order=True):
    """A run that failed."""

    seed: int
    outcome: str
    parameters: dict[str, Any]
    problems: tuple[str, ...]


class Tally:
    """The sums of all runs so far. `ranges` are the parameters that differ between runs."""

    def __init__(self, ranges: tuple[ParameterRange, ...]) -> None:
        self.ranges = ranges
        self.outcomes: Counter[str] = Counter()
        self.expectations: dict[tuple[str, str, str], ExpectationTally] = {}
        self.steps: dict[tuple[str, str, str], StepTally] = {}
        self.figures: dict[str, Values] = {}
        # For each parameter, its values in runs that passed, and in runs that failed.
        self.drawn = {item.param.name: {True: array("d"), False: array("d")} for item in ranges}
        # The lowest seed whose run passed.
        self.first_passed: int | None = None
        self.wall_ms = 0
        self._failures: list[Failure] = []
        self._hash = 0

    @property
    def runs(self) -> int:
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        """The number of runs that failed."""
        return self.runs - self.outcomes["passed"] - self.outcomes["stopped"]

    @property
    def failures(self) -> list[Failure]:
        """The failed runs with the lowest seeds."""
        return sorted(self._failures, key=lambda failure: failure.seed)[:FAILURES_MAX]

    @property
    def runs_hash(self) -> str:
        """A hash that is equal for two sweeps whose runs were all the same."""
        return f"{self._hash:064x}"

    def take(self, result: RunResult) -> None:
        self.outcomes[result.outcome] += 1
        self.wall_ms += result.wall_ms
        if result.outcome == "passed":
            before = result.seed if self.first_passed is None else self.first_passed
            self.first_passed = min(result.seed, before)
        text = f"{result.seed} {result.log_hash}".encode()
        # Added, so that the order does not matter.
        self._hash += int.from_bytes(hashlib.sha256(text).digest(), "big")
        self._hash %= 1 << _HASH_BITS
        for item in result.expectations:
            self._take_expectation(result.seed, item)
        for step in result.steps:
            self._take_step(result.seed, step)
        for name, number in result.figures.items():
            unit = "ms" if name == "length_ms" else ""
            self.figures.setdefault(name, Values(unit)).numbers.append(number)
        for drawn in self.ranges:
            name = drawn.param.name
            value = measure(drawn.param, result.parameters[name])
            self.drawn[name][result.is_fine].append(value)
        if not result.is_fine:
            problems = tuple(result.problems[:TEXTS_MAX])
            self._fail(Failure(result.seed, result.outcome, result.parameters, problems))

    def take_lost(self, seed: int, parameters: dict[str, Any], reason: str) -> None:
        """Count a run without a result: every worker that played it died or failed."""
        self.outcomes["lost"] += 1
        self._fail(Failure(seed, "lost", parameters, (reason,)))

    def _fail(self, failure: Failure) -> None:
        self._failures.append(failure)
        if len(self._failures) > 2 * FAILURES_MAX:
            self._failures = self.failures

    def _take_expectation(self, seed: int, item: ExpectationResult) -> None:
        key = (item.place, item.fact, item.step)
        tally = self.expectations.setdefault(key, ExpectationTally(item, seed))
        if seed < tally.first_seed:
            tally.first, tally.first_seed = item, seed
        tally.judged += 1
        if len(tally.wanted) < 2:
            tally.wanted.add(item.wanted)
        if item.missed:
            tally.missed += 1
            if tally.missed_first is None or seed < tally.missed_first_seed:
                tally.missed_first, tally.missed_first_seed = item, seed
        value = number_in(item.seen)
        if value is None:
            tally.texts[item.seen] += 1
        else:
            tally.values.unit = value.unit
            tally.values.numbers.append(value.value)

    def _take_step(self, seed: int, step: StepFailure) -> None:
        key = (step.place, step.name, step.outcome)
        tally = self.steps.setdefault(key, StepTally(step, seed))
        tally.runs += 1
        if seed < tally.first_seed:
            tally.first, tally.first_seed = step, seed
