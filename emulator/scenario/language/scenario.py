"""Scenario: a checked file: the world's people, the steps and their times, the expectations."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.worlds import WorldPart

# When a condition must hold: once, all the time, or at no time.
Holds = Literal["at the end", "throughout", "never"]
ParamType = Literal["integer", "number", "duration", "rate", "share", "text", "boolean"]


class Place(Struct, frozen=True):
    """Where something stands in a file. `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class At(Struct, frozen=True):
    """So long after the scenario's start."""

    offset_ms: int


class After(Struct, frozen=True):
    """So long after the step of this number has ended. None: after the start."""

    step: int | None
    offset_ms: int


class On(Struct, frozen=True):
    """When an event of this kind happens whose values are these; `stream` and `user` are names."""

    event: str
    filter: Mapping[str, Any]


Trigger = At | After | On


class Step(Struct, frozen=True, kw_only=True):
    """One line of the timeline. `number` counts from 0 in the order of the file.

    `every_ms` of 0 on an `On` means each event. `times` of None: once, or without end if `every_ms`
    is there. `refused`: the platform must refuse it, with this code, or with any where it is empty.
    `facts_if` are facts by path, each with the condition under which the step does anything when
    its time has come. One that `is_required` must have begun when the run ends. A step that
    `is_off` was switched off by its `if`; one that is not `is_named` is called by its number.
    """

    number: int
    name: str
    place: Place
    action: ActionSpec
    trigger: Trigger
    for_ms: int | None = None
    every_ms: int | None = None
    times: int | None = None
    within_ms: int = 0
    refused: str | None = None
    facts_if: tuple[tuple[str, Any], ...] = ()
    is_required: bool = False
    is_off: bool = False
    is_named: bool = False

    @property
    def is_endless(self) -> bool:
        """It goes on until the run ends, so the run does not wait for it."""
        return isinstance(self.trigger, On) or self.is_extra

    @property
    def is_extra(self) -> bool:
        """Once begun, it would go on for ever: repeated without end, or watching until the end."""
        is_watching = self.action.holds != "at the end" and self.for_ms is None
        return is_watching or (self.every_ms is not None and self.times is None)


class Param(Struct, frozen=True):
    """A parameter: its kind, its default (None: it must be given), its bounds, its help."""

    name: str
    type: ParamType
    default: Any
    min: Any
    max: Any
    help: str


class Expectation(Struct, frozen=True):
    """A fact by its path, and what it must be. `condition` is read by the fact's own kind."""

    path: str
    condition: Any
    place: Place
    holds: Holds = "at the end"


class Scenario(Struct, frozen=True, kw_only=True):
    """`files` are texts that its steps speak of, by name; `lasts_ms` is None for "until done".

    `text` is the file itself, empty for a scenario that did not come as one.
    """

    name: str
    about: str
    file: str
    seed: int
    params: Mapping[str, Param]
    values: Mapping[str, Any]
    world: WorldPart
    steps: tuple[Step, ...]
    expectations: tuple[Expectation, ...]
    lasts_ms: int | None = None
    # What the world's clock says as it begins, in milliseconds since 1970.
    begins_ms: int | None = None
    is_endless: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def has_films(self) -> bool:
        """Whether a step sends or uploads a file."""
        return any(step.action.films() for step in self.steps)


def asked_of(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """Every fact that the scenario asks for, by its path, with its condition."""
    for expectation in scenario.expectations:
        yield expectation.path, expectation.condition
    for step in scenario.steps:
        yield from step.facts_if
        for _, path, raw in step.action.asks():
            yield path, raw
