"""The report of a sweep as a JSON document, from which its page and its JUnit file are made.

Everything except `times` is the same wherever and in whatever order the runs were played.
"""

import math
import shlex
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from emulator.core.quantities import duration_text
from emulator.scenario.language.scenario import Scenario
from emulator.scenario.output.document import sources
from emulator.sweep.plan import SweepPlan
from emulator.sweep.tally import TEXTS_MAX, ExpectationTally, Tally, Values

VERSION = 1
BINS_MAX = 12
# The most steps listed that went wrong in some run, those with the most runs first.
STEPS_MAX = 100


class Played(Struct, frozen=True, kw_only=True):
    """A sweep's run and end. `command` plays one of its runs, without a seed.

    `reason` says why the sweep ended early; with `is_stopped`, a person has stopped it.
    """

    command: Sequence[str]
    speed: float
    wall_ms: int
    workers: int
    is_stopped: bool = False
    reason: str = ""


def document(scenario: Scenario, plan: SweepPlan, tally: Tally, played: Played) -> dict[str, Any]:
    """The report, as plain JSON values."""
    failures = [
        {
            "seed": failure.seed,
            "outcome": failure.outcome,
            "parameters": failure.parameters,
            "problems": list(failure.problems),
            "command": command(played.command, plan, failure.seed),
        }
        for failure in tally.failures
    ]
    return {
        "sweep": VERSION,
        "scenario": scenario.name,
        "about": scenario.about,
        "file": scenario.file,
        "outcome": _outcome(tally, played),
        "reason": played.reason,
        "seeds": plan.seeds_text,
        "parameters": {
            **scenario.values,
            **plan.chosen,
            **{item.param.name: item.text for item in plan.ranges},
        },
        "clock": "virtual" if not played.speed else f"{played.speed:g}x",
        "runs_hash": tally.runs_hash,
        "planned": len(plan.seeds),
        "runs": tally.runs,
        "failed": tally.failed,
        "outcomes": dict(sorted(tally.outcomes.items())),
        "first_failure": failures[0] if failures else None,
        "expectations": [
            _expectation(tally.expectations[key], command(played.command, plan, seed))
            for key in sorted(tally.expectations, key=_by_place)
            for seed in [tally.expectations[key].missed_first_seed]
        ],
        "steps": [
            {
                "place": item.first.place,
                "name": item.first.name,
                "action": item.first.action,
                "outcome": item.first.outcome,
                "runs": item.runs,
                "first_seed": item.first_seed,
                "message": item.first.message,
            }
            for _, item in sorted(tally.steps.items())[:STEPS_MAX]
        ],
        "figures": [
            {"name": name, **spread(values)} for name, values in sorted(tally.figures.items())
        ],
        "ranges": [_range(plan, tally, number) for number in range(len(plan.ranges))],
        "failures": failures,
        "sources": sources(scenario),
        "times": {
            "wall_ms": played.wall_ms,
            "runs_ms": tally.wall_ms,
            "workers": played.workers,
        },
    }


def command(base: Sequence[str], plan: SweepPlan, seed: int) -> str:
    """The command that plays the run with this seed again."""
    words = [*base, "--seed", str(seed)]
    for name, value in plan.parameters(seed).items():
        words += ["-p", f"{name}={value}"]
    return shlex.join(words)


def spread(values: Values) -> dict[str, Any]:
    """Minimum, median, maximum, and a histogram of at most `BINS_MAX` bins of equal width."""
    numbers = sorted(values.numbers)
    if not numbers:
        return {"unit": values.unit, "count": 0}
    return {
        "unit": values.unit,
        "count": len(numbers),
        "min": plain(numbers[0]),
        "p5": plain(numbers[len(numbers) * 5 // 100]),
        "median": plain(numbers[len(numbers) // 2]),
        "p95": plain(numbers[min(len(numbers) - 1, len(numbers) * 95 // 100)]),
        "max": plain(numbers[-1]),
        # `fsum` is exact, and so the same in any order.
        "mean": plain(round(math.fsum(numbers) / len(numbers), 6)),
        "histogram": histogram(numbers),
    }


def histogram(numbers: Sequence[float]) -> dict[str, Any]:
    """A histogram: `counts` of bins from `from` on, each `width` wide; the last has its end."""
    low, high = min(numbers), max(numbers)
    width = bin_width(low, high, is_whole=all(number == int(number) for number in numbers))
    first = _bin(low, width)
    counts = [0] * (_bin(high, width) - first + 1)
    for number in numbers:
        counts[_bin(number, width) - first] += 1
    return {"from": plain(round(first * width, 9)), "width": plain(width), "counts": counts}


def bin_width(low: float, high: float, *, is_whole: bool) -> float:
    """A round width that divides the span into at most `BINS_MAX` bins: 1, 2 or 5 times a power."""
    span = high - low
    if span <= 0:
        return 1.0 if is_whole or low == 0 else 10.0 ** math.floor(math.log10(abs(low)))
    power = 10.0 ** math.floor(math.log10(span / BINS_MAX))
    for step in (1, 2, 5, 10, 20):
        width = step * power
        if is_whole:
            width = max(1.0, round(width))
        if _bin(high, width) - _bin(low, width) < BINS_MAX:
            return width
    return 20 * power


def _bin(number: float, width: float) -> int:
    """The number of the bin, rounded so that 0.3 is in the third of a tenth."""
    return math.floor(round(number / width, 9))


def plain(number: float) -> float:
    """The number as an integer if it is whole."""
    return int(number) if number == int(number) else number


def shown(number: float, unit: str) -> str:
    """A figure as text, with its unit."""
    if unit == "ms":
        return duration_text(round(number))
    if unit == "%":
        return f"{round(number * 100, 2):g}%"
    return f"{round(number, 3):,}" + unit


def _outcome(tally: Tally, played: Played) -> str:
    if tally.failed:
        return "failed"
    if played.reason:
        return "broken"
    return "stopped" if played.is_stopped else "passed"


def _by_place(key: tuple[str, str, str]) -> tuple[str, int, str, str]:
    file, _, line = key[0].rpartition(":")
    return file, int(line) if line.isdigit() else 0, key[1], key[2]


def _expectation(tally: ExpectationTally, replay: str) -> dict[str, Any]:
    first = tally.first
    missed = tally.missed_first
    return {
        "fact": first.fact,
        "wanted": first.wanted,
        # With other parameters, another value is wanted.
        "wanted_varies": len(tally.wanted) > 1,
        "place": first.place,
        "step": first.step,
        "runs": tally.judged,
        "met": tally.judged - tally.missed,
        "missed": tally.missed,
        "first_missed": None
        if missed is None
        else {
            "seed": tally.missed_first_seed,
            "message": missed.message,
            "command": replay,
        },
        "seen": {
            **spread(tally.values),
            "texts": [
                {"text": text, "runs": runs}
                for text, runs in sorted(tally.texts.items(), key=lambda item: (-item[1], item[0]))
            ][:TEXTS_MAX],
        },
    }


def _range(plan: SweepPlan, tally: Tally, number: int) -> dict[str, Any]:
    """A parameter's values in bins, with the number of runs and of failed runs in each."""
    item = plan.ranges[number]
    fine, failed = (tally.drawn[item.param.name][is_fine] for is_fine in (True, False))
    bins: dict[str, Any] = {"from": 0, "width": 1, "counts": []}
    if fine or failed:
        bins = histogram([*fine, *failed])
    failures = [0] * len(bins["counts"])
    first = _bin(bins["from"], bins["width"])
    for value in failed:
        failures[_bin(value, bins["width"]) - first] += 1
    units = {"duration": "ms", "rate": "/s", "share": "%"}
    return {
        "name": item.param.name,
        "text": item.text,
        "unit": units.get(item.param.type, ""),
        **bins,
        "failed": failures,
    }
