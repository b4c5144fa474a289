"""Results: the output of a run in progress: ended steps, judged expectations, notes.

Times are milliseconds after the run's start.
"""

from typing import Literal

from msgspec import Struct

from emulator.scenario.language.scenario import Place, Step

Outcome = Literal["done", "missed", "refused", "not-refused", "cut-short", "skipped", "never-began"]


class StepDone(Struct, frozen=True, kw_only=True):
    """One run of a step. `planned_ms` is None where only the run could tell.

    `message` is the platform's message of a refusal, or the reason why the step never began; then
    `started_ms` and `ended_ms` are None. `is_ok`: the outcome is as the file expects.
    """

    step: Step
    planned_ms: int | None
    started_ms: int | None
    ended_ms: int | None
    outcome: Outcome
    is_ok: bool
    message: str = ""


class Judged(Struct, frozen=True, kw_only=True):
    """One expectation. Of a miss: the value seen last, and the closest one, with its time."""

    path: str
    wanted: str
    is_met: bool
    seen: str
    at_ms: int
    place: Place
    step: str = ""
    within_ms: int = 0
    closest: str = ""
    closest_ms: int | None = None
    why: str = ""


class Noted(Struct, frozen=True):
    """A text that `log` wrote."""

    at_ms: int
    text: str


class Broken(Struct, frozen=True):
    """The run ended before its scenario: it was stopped, or an error occurred."""

    at_ms: int
    reason: str
    is_failure: bool


Result = StepDone | Judged | Noted | Broken
