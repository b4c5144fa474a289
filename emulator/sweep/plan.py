"""SweepPlan: the runs of a sweep: its seeds, and the parameters drawn by each seed."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from msgspec import Struct

from emulator.core import quantities
from emulator.core.errors import Refused
from emulator.core.ids import Chance
from emulator.parallel.work import Job
from emulator.scenario.language import tree
from emulator.scenario.language.scenario import Param, Scenario
from emulator.scenario.language.tree import scalar
from emulator.scenario.language.values import params
from emulator.scenario.language.values.literals import Quantity

RUNS_MAX = 10_000_000
_SEED_MAX = 2**53
_SEEDS = re.compile(r"([0-9]{1,16})(?:\.\.([0-9]{1,16}))?")
_RANGE = re.compile(r"\s*(.+?)\s*\.\.\s*(.+?)\s*")
_MEASURES: dict[str, Callable[[str], float]] = {
    "integer": lambda text: int(_number(text)),
    "number": lambda text: _number(text),
    "duration": quantities.duration_ms,
    "rate": quantities.per_second,
    "share": quantities.share,
}


class ParameterRange(Struct, frozen=True):
    """A parameter that each run draws uniformly from `low` to `high`, both included.

    Both are in the unit of its kind: a number, milliseconds, per second, or a share of 0 to 1.
    """

    param: Param
    text: str
    low: float
    high: float

    def draw(self, seed: int) -> Any:
        """The value for a seed, as written in a scenario. It is always the same for a seed."""
        share = Chance(seed, "sweep", self.param.name).random()
        return self.written(self.low + share * self._width)

    def written(self, value: float) -> Any:
        """A value in the kind's unit, as written in a scenario."""
        if self.param.type == "integer":
            return min(int(self.high), int(value))
        if self.param.type == "number":
            return float(f"{value:.6g}")
        if self.param.type == "duration":
            return quantities.duration_text(round(value))
        if self.param.type == "rate":
            return str(Quantity(float(f"{value:.6g}"), "/s"))
        return str(Quantity(float(f"{value:.6g}"), "%"))

    @property
    def _width(self) -> float:
        # Integers: all are equally likely, the last one, too.
        return self.high - self.low + (self.param.type == "integer")


class SweepPlan(Struct, frozen=True):
    """The plan. `chosen` are parameters with the same value in each run, `ranges` the others."""

    seeds: range
    chosen: Mapping[str, str]
    ranges: tuple[ParameterRange, ...]

    def parameters(self, seed: int) -> dict[str, Any]:
        """The parameters set for the run with this seed; others have their defaults."""
        return {**self.chosen, **{item.param.name: item.draw(seed) for item in self.ranges}}

    @property
    def jobs(self) -> "SweepJobs":
        return SweepJobs(self)

    @property
    def seeds_text(self) -> str:
        return f"{self.seeds.start}..{self.seeds.stop - 1}"


class SweepJobs(Sequence[Job]):
    """The jobs of a plan, each made when it is needed."""

    def __init__(self, plan: SweepPlan) -> None:
        self._plan = plan

    def __len__(self) -> int:
        return len(self._plan.seeds)

    @overload
    def __getitem__(self, index: int) -> Job: ...
    @overload
    def __getitem__(self, index: slice) -> list[Job]: ...
    def __getitem__(self, index: int | slice) -> Job | list[Job]:
        if isinstance(index, slice):
            return [self._job(seed) for seed in self._plan.seeds[index]]
        return self._job(self._plan.seeds[index])

    def _job(self, seed: int) -> Job:
        return Job(str(seed), {"seed": seed, "parameters": self._plan.parameters(seed)})


def seeds_of(text: str) -> range:
    """Read `1..1000`, or one seed. Refuses (`ValueError`) other texts, and too many seeds."""
    match = _SEEDS.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"invalid seeds {text[:40]!r}; write them like 1..1000")
    first, last = int(match[1]), int(match[2] or match[1])
    if last > _SEED_MAX:
        raise ValueError(f"invalid seeds {text[:40]!r}: a seed is at most {_SEED_MAX}")
    if last < first:
        raise ValueError(f"invalid seeds {text[:40]!r}: the end is below the start")
    if last - first >= RUNS_MAX:
        raise ValueError(f"invalid seeds {text[:40]!r}: at most {RUNS_MAX:,} at once")
    return range(first, last + 1)


def split(chosen: Mapping[str, str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Split parameters into plain values and ranges, each range with its two ends."""
    ends: dict[str, tuple[str, str]] = {}
    for name, text in chosen.items():
        if match := _RANGE.fullmatch(text):
            ends[name] = (match[1], match[2])
    return {name: text for name, text in chosen.items() if name not in ends}, ends


def params_in(text: str, file: str) -> dict[str, str]:
    """A scenario's parameters by name. Refuses (`InvalidScenario`) a text that is not YAML."""
    root = tree.read(text, file)
    node = root.value.get("params") if isinstance(root.value, dict) else None
    return {name: param.type for name, param in params.read(node, []).items()}


def plan(seeds: range, chosen: Mapping[str, str], scenario: Scenario) -> SweepPlan:
    """Make the plan for these seeds and parameters.

    Refuses (`invalid`) an unknown parameter, and a range that does not fit its parameter.
    """
    fixed, ends = split(chosen)
    ranges = []
    for name, (low, high) in ends.items():
        param = scenario.params.get(name)
        if param is None:
            known = ", ".join(scenario.params) or "none"
            text = f"{scenario.file} has no parameter {name[:40]}. It has {known}"
            raise Refused("invalid", f"{text}.")
        if param.type == "text":
            fixed[name] = chosen[name]
        else:
            ranges.append(_range(param, chosen[name], low, high))
    return SweepPlan(seeds, fixed, tuple(ranges))


def measure(param: Param, value: Any) -> float:
    """A parameter's value as a number in its kind's unit. Raises `ValueError`."""
    return float(_MEASURES[param.type](str(value)))


def _range(param: Param, text: str, low: str, high: str) -> ParameterRange:
    start = f"invalid range {param.name}={text[:60]}"
    if param.type == "boolean":
        raise Refused("invalid", f"{start}: a boolean has no range; choose true or false.")
    for end in (low, high):
        value = scalar(end) if param.type in ("integer", "number") else end
        if refusal := params.refused(param, value):
            raise Refused("invalid", f"{start}: {refusal}")
    lowest, highest = measure(param, low), measure(param, high)
    if lowest > highest:
        raise Refused("invalid", f"{start}: its end is below its start. Swap them.")
    return ParameterRange(param, text, lowest, highest)


def _number(text: str) -> float:
    value = scalar(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{text[:40]!r} is not a number")
    return value
