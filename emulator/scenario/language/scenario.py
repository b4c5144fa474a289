"""Scenario: a checked file: its world, its steps and their times, its expectations."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from emulator.scenario.language.action import ActionSpec
from emulator.scenario.language.worlds import WorldPart

# When a condition must hold: once, all the time, or at no time.
Holds = Literal["at the end", "throughout", "never"]
ParamType = Literal["integer", "number", "duration", "rate", "share", "text", "boolean"]


class Place(Struct, frozen=True):
    """A place in a file; `line` and `column` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class At(Struct, frozen=True):
    """A step that begins `offset_ms` after the scenario's start."""

    offset_ms: int


class After(Struct, frozen=True):
    """A step that begins `offset_ms` after the end of the step with number `step`.

    With `step` of None, it begins that long after the start.
    """

    step: int | None
    offset_ms: int


class On(Struct, frozen=True):
    """A step that begins when an event of this kind happens whose values meet `filter`.

    `stream` and `user` in the filter are names.
    """

    event: str
    filter: Mapping[str, Any]


Trigger = At | After | On


class Step(Struct, frozen=True, kw_only=True):
    """One step of the timeline; `number` counts from 0 in the order of the file.

    `every_ms` of 0 on an `On` means each event. `times` of None means once, or without end if
    `every_ms` is set. With `refused`, the platform must refuse the step with this code, or with any
    code if it is empty. `facts_if` are facts by path, each with a condition: the step does nothing
    if one does not hold when its time has come. A step that `is_required` must have begun when the
    run ends. A step that `is_off` was switched off by its `if`. A step that is not `is_named` has
    its action and number for a name.
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
        """Whether it goes on until the run ends, so that the run does not wait for it."""
        return isinstance(self.trigger, On) or self.is_extra

    @property
    def is_extra(self) -> bool:
        """Whether it would never end by itself: it repeats, or checks facts, until the run ends."""
        is_watching = self.action.holds != "at the end" and self.for_ms is None
        return is_watching or (self.every_ms is not None and self.times is None)


class Param(Struct, frozen=True):
    """A parameter; a `default` of None means that a value must be given."""

    name: str
    type: ParamType
    default: Any
    min: Any
    max: Any
    help: str


class Expectation(Struct, frozen=True):
    """A fact by its path, with its condition, which is read by the fact's kind."""

    path: str
    condition: Any
    place: Place
    holds: Holds = "at the end"


class Scenario(Struct, frozen=True, kw_only=True):
    """A scenario that can be played.

    `files` are the texts that its steps refer to, by name. `places` are the places of the things of
    its world, by their list (`users`, `streams`, `categories`) and their name. `lasts_ms` of None
    means until all steps are done. `text` is the text of the file, empty for a scenario that did
    not come from one.
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
    # The time of the world's clock at the start, in milliseconds since 1970.
    begins_ms: int | None = None
    is_endless: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict)
    text: str = ""

    @property
    def has_films(self) -> bool:
        """Whether a step sends or uploads a file."""
        return any(step.action.films() for step in self.steps)


def asked_of(scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """Yield every fact that the scenario asks for, by its path, with its condition."""
    for expectation in scenario.expectations:
        yield expectation.path, expectation.condition
    for step in scenario.steps:
        yield from step.facts_if
        for _, path, raw in step.action.asks():
            yield path, raw
