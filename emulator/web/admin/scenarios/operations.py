"""`/_emulator/scenarios`: scenarios, started, watched and stopped on this server."""

import asyncio
from pathlib import Path
from typing import Any, Literal, TypedDict

from pydantic import Field
from starlette.responses import HTMLResponse, Response

from emulator.core.errors import Refused
from emulator.core.world_clock import SPEED_MAX
from emulator.platform.runs import RunRecord, RunRequest
from emulator.scenario import files
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.load import CheckFilm, Known, load
from emulator.scenario.language.scenario import Scenario
from emulator.scenario.output.page import page as report_page
from emulator.scenario.record.recording import record
from emulator.web.admin.folders import folders_of
from emulator.web.api.models import CURSOR_MAX, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.store.events import last_seq
from emulator.world.world import World

_HTML = "text/html"
_SHOWN_ERRORS_MAX = 100


class ScenarioStart(Request):
    """`name` is one of the library; or `text` is a scenario, with `files` that it speaks of.

    `folder` is where, on the server's machine, the films are that it sends: below an
    `--allow-folder`, or with the `folder_key` that the emulator's own user can read (the file
    `steering.key` in its data folder).

    A `speed` of 0 is the virtual clock, 1 the machine's pace. `world`: the one of this request, or
    one of the run's own, which goes with it unless `keep` is true.
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
    keep: bool = False
    ends_ms: Whole | None = Field(None, ge=0, le=366 * 86_400_000)


class LibraryEntry(TypedDict):
    name: str
    title: str
    about: str
    params: list[dict[str, Any]]


class RunShape(TypedDict):
    """`state` is `playing` or `over`; then there is a `report`."""

    id: str
    scenario: str
    world: str
    clock: str
    state: Literal["playing", "over"]
    clock_ms: int
    under_way: list[str]
    viewers: int
    lines: int
    missed: int
    report: dict[str, Any] | None


class RecordingQuery(Request):
    """`after` and `since_ms` are as a recording began; `name` is the scenario's."""

    after: int = Field(ge=0, le=CURSOR_MAX)
    since_ms: int = Field(ge=0, le=CURSOR_MAX)
    name: str = Field("recorded", pattern=r"^[A-Za-z0-9_-]{1,64}$")


class RecordingPoint(TypedDict):
    after: int
    now_ms: int


class RecordingShape(TypedDict):
    """`files` are what the scenario's `text` speaks of; `exact` is the event log itself."""

    text: str
    files: dict[str, str]
    exact: str
    events: int


class ScenarioList(TypedDict):
    scenarios: list[LibraryEntry]
    runs: list[RunShape]


@endpoint("GET", "/scenarios")
def list_scenarios(call: Call) -> ScenarioList:
    """List the library's scenarios, and the runs of this server without their reports."""
    known = known_in(call.platform.world)
    runs = call.worlds.runs.all()
    return {
        "scenarios": [_library(name, known) for name in files.library()],
        "runs": [{**shape(run), "report": None} for run in runs],
    }


@endpoint("POST", "/scenarios", status=201, refuses=("conflict", "not_found", "invalid"))
async def start_scenario(call: Call, body: ScenarioStart) -> RunShape:
    """Play a scenario. What is wrong with it is refused, all at once, before anything happens."""
    folders = folders_of(call.platform.shared)
    known = known_in(call.platform.world)

    def read() -> tuple[str, Scenario]:
        """In a thread: it looks for the films, and a long text takes a while."""
        folder = folders.check(body.folder, body.folder_key) if body.folder else ""
        return str(folder), _read(body, str(folder), known)

    folder, scenario = await asyncio.to_thread(read)
    is_own = body.world == "own" if body.world else body.speed == 0
    order = RunRequest(
        scenario=scenario,
        folder=folder,
        speed=body.speed,
        seed=body.seed,
        world="own" if is_own else "this",
        is_kept=body.keep,
        ends_ms=body.ends_ms,
    )
    return shape(call.worlds.runs.start(order, call.platform))


@endpoint("GET", "/scenarios/runs/{id}", downloads=(_HTML,))
def get_scenario_run(call: Call, id: str) -> RunShape | Response:
    """Read a run, and its report once it is over; with `Accept: text/html` as a page."""
    entry = call.worlds.runs.find(id)
    if _HTML in call.accept and entry.report is not None:
        return HTMLResponse(report_page(entry.report))
    return shape(entry)


@endpoint("DELETE", "/scenarios/runs/{id}")
async def stop_scenario_run(call: Call, id: str) -> RunShape:
    """Stop a run. What must be true at its end is judged, and it has a report."""
    entry = call.worlds.runs.find(id)
    entry.runner.stop("It was stopped by a request.")
    await entry.done.wait()
    return shape(entry)


@endpoint("POST", "/scenarios/recordings")
def start_scenario_recording(call: Call) -> RecordingPoint:
    """Where this world's journal stands, to record what comes behind."""
    return {"after": last_seq(call.world.store), "now_ms": call.world.now_ms}


@endpoint("GET", "/scenarios/recordings")
def get_scenario_recording(call: Call, query: RecordingQuery) -> RecordingShape:
    """What happened in this world behind a point of its journal, as a scenario."""
    recording = record(call.world, query.after, query.name, query.since_ms)
    return {
        "text": recording.text,
        "files": recording.files,
        "exact": recording.exact,
        "events": recording.events,
    }


def shape(entry: RunRecord) -> RunShape:
    runner, fold = entry.runner, entry.fold
    is_over = entry.report is not None
    return {
        "id": entry.id,
        "scenario": entry.order.scenario.name,
        "world": entry.world,
        "clock": entry.clock,
        "state": "over" if is_over else "playing",
        "clock_ms": entry.report["length_ms"] if entry.report else runner.clock_ms,
        "under_way": [] if is_over else runner.under_way,
        "viewers": fold.watching,
        "lines": fold.lines_said,
        "missed": sum(not judged.is_met for judged in fold.judged),
        "report": entry.report,
    }


def known_in(world: World) -> Known:
    """The accounts of this world, and its categories."""
    users = world.store.rows("SELECT username FROM users LIMIT 100000")
    categories = world.store.rows("SELECT slug FROM categories LIMIT 100000")
    return Known(
        frozenset(row["username"] for row in users), frozenset(row["slug"] for row in categories)
    )


def _read(patch: ScenarioStart, folder: str, known: Known) -> Scenario:
    if (patch.name is None) == (patch.text is None):
        raise Refused("invalid", "Give the name of a scenario, or the text of one.")
    options: dict[str, Any] = {"chosen": patch.params, "known": known, "seed": patch.seed}
    try:
        if patch.text is not None:
            return load(
                patch.text,
                patch.file,
                read_file=_beside(patch.files),
                check_film=_films_in(folder),
                **options,
            )
        path = files.library().get(patch.name or "")
        if path is None:
            raise Refused("not_found", f"There is no scenario {patch.name} in the library.")
        text = files.text_of(path)
        return load(text, path.name, read_file=files.reader(path.parent), **options)
    except InvalidScenario as invalid:
        texts = [str(error) for error in invalid.errors[:_SHOWN_ERRORS_MAX]]
        raise Refused("invalid", invalid.message, mistakes=texts) from None


def _beside(texts: dict[str, str]) -> Any:
    def read_file(name: str) -> str:
        if name not in texts:
            raise ValueError(f"{name[:80]} did not come with the scenario")
        return texts[name]

    return read_file


def _films_in(folder: str) -> CheckFilm:
    if folder:
        return files.film_checker(Path(folder))

    def none(name: str) -> None:
        raise ValueError(f"This scenario came without a folder, so without {name[:80]}")

    return none


def _library(name: str, known: Known) -> LibraryEntry:
    path = files.library()[name]
    scenario = load(
        files.text_of(path), path.name, read_file=files.reader(path.parent), known=known
    )
    return {
        "name": name,
        "title": scenario.name,
        "about": scenario.about,
        "params": [
            {"name": param.name, "type": param.type, "default": param.default, "help": param.help}
            for param in scenario.params.values()
        ],
    }
