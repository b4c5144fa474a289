"""Texts of scenarios, named or sent by requests: read, checked, described."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, TypedDict, cast

from msgspec.structs import asdict, replace
from pydantic import Field

from emulator.core.errors import Refused
from emulator.core.world_clock import SPEED_MAX
from emulator.platform import scenario_library
from emulator.scenario import files
from emulator.scenario.engine.schedule import Planned, end_ms, plan
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import CheckFilm, Known, load
from emulator.scenario.language.scenario import Scenario
from emulator.web.admin.folders import folders_of
from emulator.web.api.models import Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.world import World

_SHOWN_ERRORS_MAX = 100
_SHOWN_STEPS_MAX = 1_000


class ScenarioText(Request):
    """`name` is a scenario of the library; or `text` is a scenario, with the `files` that it names.

    `folder` is the folder of its films on the server's machine: below an `--allow-folder`, or with
    the `folder_key` that only the emulator's own user can read (the file `steering.key` in its data
    folder). A `speed` of 0 is the virtual clock, 1 the machine's pace. `world` is that of this
    request (`this`), or a new one for the run (`own`), which is the default for the virtual clock.
    """

    name: str | None = Field(None, max_length=200)
    text: str | None = Field(None, max_length=2**20)
    file: str = Field("scenario.yaml", max_length=200)
    files: dict[str, str] = Field(default_factory=dict, max_length=1_000)
    folder: str = Field("", max_length=1_000)
    folder_key: str = Field("", max_length=100)
    params: dict[str, Any] = Field(default_factory=dict, max_length=1_000)
    seed: Whole | None = Field(None, ge=0, le=2**53)
    speed: float = Field(0.0, ge=0, le=SPEED_MAX, allow_inf_nan=False)
    world: Literal["own", "this"] | None = None

    @property
    def has_own_world(self) -> bool:
        return self.world == "own" if self.world else self.speed == 0


class ParameterShape(TypedDict):
    """`type` is integer, number, duration, rate, share, text or boolean, within `min` and `max`.

    A parameter without a `default` is required.
    """

    name: str
    type: str
    default: Any
    min: Any
    max: Any
    help: str


class ScenarioDescription(TypedDict):
    """`length_ms` is its shortest length with its parameters; null without an end."""

    title: str
    about: str
    params: list[ParameterShape]
    length_ms: int | None
    steps: int
    expectations: int


class LibraryEntry(ScenarioDescription):
    name: str


class LibraryText(LibraryEntry):
    """`files` are those that the `text` includes or reads, by name."""

    file: str
    text: str
    files: dict[str, str]


class PlannedStep(TypedDict):
    """`starts_ms` and `ends_ms` are null if they depend on the run."""

    name: str
    action: str
    file: str
    line: int
    starts_ms: int | None
    ends_ms: int | None


class TextError(TypedDict):
    """`line` and `column` count from 1. `parameter` is the one with an invalid value, or empty."""

    file: str
    line: int
    column: int
    rule: str
    message: str
    parameter: str


class TextCheck(TypedDict):
    """A text without `errors` has a `scenario`, and the plan of its first 1000 steps."""

    valid: bool
    errors: list[TextError]
    scenario: ScenarioDescription | None
    plan: list[PlannedStep]


@endpoint("GET", "/scenarios/library/{name}", refuses=("not_found",))
async def get_library_scenario(_call: Call, name: str) -> LibraryText:
    """Read a scenario of the library: its text and description."""
    scenario = (await library()).get(name)
    if scenario is None:
        raise Refused("not_found", f"There is no scenario {name[:80]} in the library.")
    return {
        "name": name,
        **describe(scenario),
        "file": scenario.file,
        "text": scenario.text,
        "files": dict(scenario.files),
    }


@endpoint("POST", "/scenarios/validate", refuses=("not_found", "invalid"))
async def validate_scenario(call: Call, body: ScenarioText) -> TextCheck:
    """Check a text and its parameters without playing it.

    Errors are in the answer, not a refusal.
    """
    try:
        _, scenario = await read(call, body)
    except InvalidScenario as invalid:
        errors = [cast("TextError", asdict(e)) for e in invalid.errors[:_SHOWN_ERRORS_MAX]]
        return {"valid": False, "errors": errors, "scenario": None, "plan": []}
    steps = [_planned(item) for item in plan(scenario)[:_SHOWN_STEPS_MAX]]
    return {"valid": True, "errors": [], "scenario": describe(scenario), "plan": steps}


async def library() -> dict[str, Scenario]:
    """Return the library, read in a thread: the first time takes a while."""
    return dict(await asyncio.to_thread(scenario_library.scenarios))


async def read(call: Call, body: ScenarioText) -> tuple[str, Scenario]:
    """Return the folder of the films, and the scenario. Raises `InvalidScenario` for errors.

    A world made for the run begins with the default seed, so the text may only name what that
    contains.
    """
    folders = folders_of(call.platform.shared)
    names = scenario_library.known() if body.has_own_world else known_in(call.world)
    known = replace(
        names,
        operations=_operation_names,
        streams_per_user=call.world.rules.streams_per_user,
    )

    def read_in_thread() -> tuple[str, Scenario]:
        """This runs in a thread: it looks for the films, and a long text takes a while."""
        folder = folders.check(body.folder, body.folder_key) if body.folder else ""
        return str(folder), _read(body, str(folder), known)

    return await asyncio.to_thread(read_in_thread)


def _operation_names() -> Collection[str]:
    from emulator.web.api.table import operation_names  # Late: it imports the whole API.

    return operation_names()


def known_in(world: World) -> Known:
    """Return the accounts and categories of this world."""
    users = world.store.rows("SELECT username FROM users LIMIT 100000")
    categories = world.store.rows("SELECT slug FROM categories LIMIT 100000")
    return Known(
        frozenset(row["username"] for row in users), frozenset(row["slug"] for row in categories)
    )


def describe(scenario: Scenario) -> ScenarioDescription:
    return {
        "title": scenario.name,
        "about": scenario.about,
        "params": [cast("ParameterShape", asdict(param)) for param in scenario.params.values()],
        "length_ms": end_ms(scenario, plan(scenario)),
        "steps": len(scenario.steps),
        "expectations": sum(len(list(step.action.asks())) for step in scenario.steps)
        + len(scenario.expectations),
    }


def _read(body: ScenarioText, folder: str, known: Known) -> Scenario:
    if (body.name is None) == (body.text is None):
        raise Refused("invalid", "Send the name of a scenario, or the text of one.")
    options: dict[str, Any] = {"chosen": body.params, "known": known, "seed": body.seed}
    if body.text is not None:
        read_file = _reader_of(body.files)
        films = _films_in(folder)
        return load(body.text, body.file, read_file=read_file, check_film=films, **options)
    path = files.library().get(body.name or "")
    if path is None:
        raise Refused("not_found", f"There is no scenario {body.name} in the library.")
    return load(files.text_of(path), path.name, read_file=files.reader(path.parent), **options)


def _reader_of(texts: dict[str, str]) -> Any:
    def read_file(name: str) -> str:
        if name not in texts:
            raise ValueError(f"{name[:80]} was not sent with the scenario")
        return texts[name]

    return read_file


def _films_in(folder: str) -> CheckFilm:
    if folder:
        return files.film_checker(Path(folder))

    def none(name: str) -> None:
        raise ValueError(f"This scenario was sent without a folder, so {name[:80]} is missing")

    return none


def _planned(planned: Planned) -> PlannedStep:
    step = planned.step
    return {
        "name": step.name,
        "action": step.action.name,
        "file": step.place.file,
        "line": step.place.line,
        "starts_ms": planned.starts_ms,
        "ends_ms": planned.ends_ms,
    }
