"""Shrink: make a failing run smaller while it still fails: fewer steps, then smaller parameters.

Removing a step may make a run fail for another reason. So a passing run of the same scenario serves
as the control: a smaller scenario must fail like the first run, and pass with the control's seed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from emulator.scenario.language.scenario import Param
from emulator.sweep.pieces import Piece, pieces, with_values, without
from emulator.sweep.plan import ParameterRange, measure
from emulator.sweep.result import RunResult

# The most runs that are tried.
TRIALS_MAX = 1_000
# The number of values of a parameter that are tried at a time, and of repetitions.
_STOPS, _ROUNDS = 8, 3
# The minimum of a parameter that declares none, in its kind's unit.
_LEAST = {"integer": 1.0, "number": 0.0, "duration": 1_000.0, "rate": 1.0, "share": 0.01}


class Trial(Struct, frozen=True, kw_only=True):
    """One run to try: texts by file name, a seed, and parameters."""

    texts: Mapping[str, str]
    seed: int
    parameters: Mapping[str, Any]


# Plays runs, and gives the result of each; None for a run that cannot be played.
Play = Callable[[Sequence[Trial]], list[RunResult | None]]


class Smaller(Struct, frozen=True, kw_only=True):
    """The smallest failing run. `texts` are files by name; the first is the scenario."""

    texts: dict[str, str]
    seed: int
    parameters: dict[str, Any]
    entries: int
    entries_before: int
    trials: int
    # Whether a passing run was there to compare with.
    has_control: bool


class Target(Struct, frozen=True):
    """The failure to keep: a missed expectation, a failed step, or a broken run."""

    kind: str
    name: str
    detail: str

    def is_in(self, result: RunResult, *, exactly: bool) -> bool:
        """Whether a run fails in this way; `exactly`: with the same value seen."""
        return any(
            (self.kind, self.name) == (other.kind, other.name)
            and (not exactly or self.detail == other.detail)
            for other in _targets(result)
        )

    def is_passed(self, result: RunResult) -> bool:
        """Whether a run reached the point of this failure and passed it."""
        if result.outcome == "broken" or self.is_in(result, exactly=False):
            return False
        return self.kind != "fact" or any(
            item.fact == self.name and item.judged for item in result.expectations
        )


def _targets(result: RunResult) -> list[Target]:
    targets = [Target("fact", item.fact, item.seen) for item in result.expectations if item.missed]
    targets += [
        Target("step", f"{step.action} {step.outcome}", step.message) for step in result.steps
    ]
    if result.outcome == "broken":
        targets.append(Target("broken", "", result.reason))
    return targets


class Shrinking:
    """One shrinking. `control` is a passing run with the same texts; None without one."""

    def __init__(
        self,
        failing: Trial,
        failed: RunResult,
        control: Trial | None,
        params: Mapping[str, Param],
        ranges: Sequence[ParameterRange],
        play: Play,
    ) -> None:
        self._failing = failing
        self._target = _targets(failed)[0]
        self._control = control
        self._params = params
        self._ranges = {item.param.name: item for item in ranges}
        self._values = dict(failed.parameters)
        self._chosen = dict(failing.parameters)
        self._play = play
        self._trials = 0

    def run(self) -> Smaller:
        """Shrink the run, and return the smallest one found: at most as large as the first."""
        texts = dict(self._failing.texts)
        before = pieces(texts)
        left = self._fewest(before)
        texts = without(texts, set(before) - set(left))
        for name, param in self._params.items():
            if param.type in _LEAST:
                self._narrow(texts, name)
        changed = {
            name: value
            for name, value in self._chosen.items()
            if value != self._params[name].default
        }
        main, *_ = texts
        texts[main] = with_values(texts[main], self._failing.seed, changed)
        return Smaller(
            texts=texts,
            seed=self._failing.seed,
            parameters={**self._values, **self._chosen},
            entries=len(left),
            entries_before=len(before),
            trials=self._trials,
            has_control=self._control is not None,
        )

    def _fewest(self, items: list[Piece]) -> list[Piece]:
        """Remove pieces: first halves, then quarters, at last single ones."""
        left, size = items, max(1, len(items) // 2)
        while left:
            chunks = [left[at : at + size] for at in range(0, len(left), size)]
            candidates = [[item for item in left if item not in chunk] for chunk in chunks]
            good = [
                chunk
                for chunk, is_good in zip(chunks, self._fail(candidates, items), strict=True)
                if is_good
            ]
            if good:
                gone = {item for chunk in good for item in chunk}
                together = [item for item in left if item not in gone]
                is_good = len(good) == 1 or self._fail([together], items)[0]
                left = together if is_good else [item for item in left if item not in good[0]]
            elif size == 1:
                break
            size = max(1, size if good else size // 2)
        return left

    def _fail(self, candidates: list[list[Piece]], all_pieces: list[Piece]) -> list[bool]:
        texts = [
            without(self._failing.texts, set(all_pieces) - set(pieces_left))
            for pieces_left in candidates
        ]
        return self._verdicts([(text, self._chosen, {}) for text in texts], exactly=True)

    def _narrow(self, texts: dict[str, str], name: str) -> None:
        """The smallest value of a parameter with which the run still fails."""
        param, in_range = self._params[name], self._ranges.get(name)
        low = in_range.low if in_range else _least(param)
        high = measure(param, self._chosen.get(name, self._values[name]))
        scale = in_range or ParameterRange(param, "", low, high)
        for number in range(_ROUNDS):
            # The minimum itself is tried only once; afterwards it is known to pass.
            stops = [low + (high - low) * at / _STOPS for at in range(bool(number), _STOPS)]
            values = [scale.written(stop) for stop in stops]
            values = [value for value in dict.fromkeys(values) if measure(param, value) < high]
            verdicts = self._verdicts(
                [(texts, {**self._chosen, name: v}, {} if in_range else {name: v}) for v in values],
                exactly=False,
            )
            failing = next((at for at, is_good in enumerate(verdicts) if is_good), None)
            if failing is not None:
                self._chosen[name] = values[failing]
                high = measure(param, values[failing])
            passing = values if failing is None else values[:failing]
            if not passing:
                return
            low = measure(param, passing[-1])

    def _verdicts(
        self,
        candidates: Sequence[tuple[Mapping[str, str], Mapping[str, Any], Mapping[str, Any]]],
        *,
        exactly: bool,
    ) -> list[bool]:
        """Whether each candidate (texts, parameters, the control's changes) fails in the same way.

        Without a control, removing a step must not change the value seen (`exactly`).
        """
        if self._trials + len(candidates) > TRIALS_MAX:
            return [False] * len(candidates)
        self._trials += len(candidates) * (2 if self._control else 1)
        seed, control = self._failing.seed, self._control
        failing = [
            Trial(texts=texts, seed=seed, parameters=chosen) for texts, chosen, _ in candidates
        ]
        passing = [
            Trial(texts=texts, seed=control.seed, parameters={**control.parameters, **changes})
            for texts, _, changes in (candidates if control else ())
            if control
        ]
        results = self._play([*failing, *passing])
        count = len(candidates)
        is_exact = exactly and control is None
        fails = [r is not None and self._target.is_in(r, exactly=is_exact) for r in results[:count]]
        if control is None:
            return fails
        passes = [r is not None and self._target.is_passed(r) for r in results[count:]]
        return [a and b for a, b in zip(fails, passes, strict=True)]


def _least(param: Param) -> float:
    if param.min is not None and param.type != "text":
        return measure(param, param.min)
    return _LEAST[param.type]
