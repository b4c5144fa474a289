"""Shrink: find the smallest plan that still fails: the fewest and shortest faults, begun latest."""

from collections.abc import Iterator
from typing import Any

from emulator.core.quantities import duration_text
from emulator.exploration.aims import Profile, uses_of
from emulator.exploration.lab import Lab, Run
from emulator.exploration.plan import Written, kind_of
from emulator.world.faults.values import duration

# The most runs that are spent on one plan.
RUNS_MAX = 40
_LENGTHS = ("delay", "most", "after", "by")
_SHORTER = (8, 4, 2)
_SHORTEST_MS = 50


def shrink(plan: list[Written], lab: Lab, profile: Profile) -> list[Written]:
    """Delta debugging: try smaller plans until none of them fails.

    All candidates of a round are tried, and the first that fails is taken, so that the result does
    not depend on the number of processes. Raises `Stopped`.
    """
    spent = 0
    seen = [plan]
    while spent < RUNS_MAX:
        candidates = [candidate for candidate in smaller(plan, profile) if candidate not in seen][
            : RUNS_MAX - spent
        ]
        if not candidates:
            break
        spent += len(candidates)
        seen += candidates
        outcomes = lab.all([Run(candidate) for candidate in candidates])
        failing = (
            candidate
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if outcome.has_failed and all(outcome.struck)
        )
        smallest = next(failing, None)
        if smallest is None:
            break
        plan = smallest
    return plan


def smaller(plan: list[Written], profile: Profile) -> Iterator[list[Written]]:
    """The plans that are one step smaller than a plan, the smallest first."""
    if len(plan) > 1:
        for entry in plan:
            yield [entry]
        return
    for number, entry in enumerate(plan):
        for simpler in _simpler(entry, profile):
            yield [*plan[:number], simpler, *plan[number + 1 :]]


def _simpler(entry: Written, profile: Profile) -> Iterator[Written]:
    kind = kind_of(entry)
    values: dict[str, Any] = entry[kind] or {}
    if kind == "api.fail":
        yield from _fewer_answers(entry, values)
    if "at" in entry:
        yield {name: value for name, value in entry.items() if name not in ("at", "nth", "after")}
    if entry.get("times", 1) > 1:
        yield entry | {"times": 1}
    yield from _shorter(entry, kind, values)
    yield from _later(entry, profile)


def _fewer_answers(entry: Written, values: dict[str, Any]) -> Iterator[Written]:
    rest = {name: value for name, value in entry.items() if name != "api.fail"}
    answers = values.get("answers")
    operation = {"operation": values["operation"]} if "operation" in values else {}
    # The usual error first: one cause has one smallest plan, whichever error brought it to light.
    plain = {"api.fail": {**operation, "status": 503}, **rest, "times": 1}
    if plain != entry:
        yield plain
    if answers:
        for answer in dict.fromkeys(answers):
            if isinstance(answer, int):
                yield {"api.fail": {**operation, "status": answer}, **rest, "times": 1}
        for number in range(len(answers) if len(answers) > 1 else 0):
            fewer = [*answers[:number], *answers[number + 1 :]]
            yield {"api.fail": {**values, "answers": fewer}, **rest}


def _shorter(entry: Written, kind: str, values: dict[str, Any]) -> Iterator[Written]:
    for divisor in _SHORTER:
        for name in _LENGTHS:
            if name in values and (length := _part(values[name], divisor)):
                yield entry | {kind: values | {name: length}}
        for name in ("for", "after"):
            if name in entry and (length := _part(entry[name], divisor)):
                yield entry | {name: length}


def _part(written: object, divisor: int) -> str:
    shorter_ms = duration(written) // divisor
    return duration_text(shorter_ms) if shorter_ms >= _SHORTEST_MS else ""


def _later(entry: Written, profile: Profile) -> Iterator[Written]:
    """The fault with larger values of `skip`: the last possible use first, then earlier."""
    if "at" in entry or "answers" in (entry[kind_of(entry)] or {}):
        return
    last, skip = uses_of(profile, entry) - 1, int(entry.get("skip", 0))
    for later in dict.fromkeys((last, (last + skip) // 2, skip + 1)):
        if skip < later <= last:
            yield entry | {"skip": later}
