"""Results: what a run yields as it goes: steps that ended, expectations that were judged, notes.

Times are milliseconds after the run's start.
"""

from typing import Literal

from msgspec import Struct

from emulator.scenario.language.scenario import Place, Step

Outcome = Literal["done", "missed", "refused", "not-refused", "cut-short", "skipped", "never-began"]


class StepDone(Struct, frozen=True, kw_only=True):
    """One run of a step. `planned_ms` is None where only the run could tell.

    `message` is what the platform said where it refused, or why the step never began; then there
    are no `started_ms` and `ended_ms`. `is_ok`: that was as the file wants it.
    """

    step: Step
    planned_ms: int | None
    started_ms: int | None
    ended_ms: int | None
    outcome: Outcome
    is_ok: bool
    message: str = ""


class Judged(Struct, frozen=True, kw_only=True):
    """One expectation. Of a miss: what was seen last, and what came closest, and when."""

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
    """Something that `log` said."""

    at_ms: int
    text: str


class Broken(Struct, frozen=True):
    """The run ended before its scenario did: it was stopped, or something failed."""

    at_ms: int
    reason: str
    is_failure: bool


Result = StepDone | Judged | Noted | Broken
