"""RunResult: the part of a run's report that a sweep keeps. Only `wall_ms` varies between plays."""

from typing import Any

from msgspec import Struct, convert, to_builtins

from emulator.scenario.language.values.literals import Quantity, quantity
from emulator.scenario.output.document import failure_message

FIGURES_MAX = 100
_TEXT_LENGTH_MAX = 300


class ExpectationResult(Struct, frozen=True):
    """One expectation in one run, which may have judged it several times.

    `seen` is the last value seen, or the one at the first miss; `message` is that miss in a
    sentence.
    """

    place: str
    fact: str
    step: str
    wanted: str
    judged: int
    missed: int
    seen: str
    message: str = ""


class StepFailure(Struct, frozen=True):
    """A step that did not end as its file expects."""

    place: str
    name: str
    action: str
    outcome: str
    message: str


class RunResult(Struct, frozen=True, kw_only=True):
    """One run's result. `figures` are numbers by name; `wall_ms` is the machine's time it took."""

    seed: int
    outcome: str
    reason: str
    parameters: dict[str, Any]
    log_hash: str
    expectations: tuple[ExpectationResult, ...]
    steps: tuple[StepFailure, ...]
    figures: dict[str, float]
    wall_ms: int

    @property
    def is_fine(self) -> bool:
        return self.outcome in ("passed", "stopped")

    @property
    def problems(self) -> list[str]:
        """The problems of the run, one sentence each."""
        texts = [self.reason] if self.reason and not self.is_fine else []
        texts += [
            f"{step.place}: {step.name} {step.outcome}: {step.message}" for step in self.steps
        ]
        return texts + [
            f"{item.place}: {item.message}" for item in self.expectations if item.missed
        ]


def result_of(report: dict[str, Any]) -> dict[str, Any]:
    """The result of a run, made from its report, as plain values."""
    figures = {
        "viewers_peak": report["viewers_peak"],
        "chat_posted": report["chat_posted"],
        "events": report["events"],
        "length_ms": report["length_ms"],
    }
    counts = {name: n for name, n in report["counts"].items() if not name.startswith("turns/")}
    figures |= dict(sorted(counts.items())[: FIGURES_MAX - len(figures)])
    result = RunResult(
        seed=report["seed"],
        outcome=report["outcome"],
        reason=report["reason"][:_TEXT_LENGTH_MAX],
        parameters=report["parameters"],
        log_hash=report["log_hash"],
        expectations=tuple(_expectations(report)),
        steps=tuple(
            StepFailure(
                step["place"],
                step["name"],
                step["action"],
                step["outcome"],
                step["message"][:_TEXT_LENGTH_MAX],
            )
            for step in report["steps"]
            if not step["ok"] and step["outcome"] != "missed"
        )[:FIGURES_MAX],
        figures=figures,
        wall_ms=report["wall_ms"],
    )
    plain: dict[str, Any] = to_builtins(result)
    return plain


def read(result: Any) -> RunResult:
    """Read a result from plain values."""
    return convert(result, RunResult)


def number_in(seen: str) -> Quantity | None:
    """A fact's value as a number with its unit; None for a fact that is not a number."""
    try:
        return quantity(seen)
    except ValueError:
        return None


def _expectations(report: dict[str, Any]) -> list[ExpectationResult]:
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for judged in report["expectations"]:
        key = (judged["place"], judged["fact"], judged["step"])
        groups.setdefault(key, []).append(judged)
    results = []
    for (place, fact, step), group in groups.items():
        missed = [judged for judged in group if not judged["met"]]
        shown = missed[0] if missed else group[-1]
        results.append(
            ExpectationResult(
                place,
                fact,
                step,
                shown["wanted"][:_TEXT_LENGTH_MAX],
                len(group),
                len(missed),
                shown["seen"][:_TEXT_LENGTH_MAX],
                failure_message(missed[0])[:_TEXT_LENGTH_MAX] if missed else "",
            )
        )
    return results
