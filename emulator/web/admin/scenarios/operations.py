"""`/_emulator/scenarios`: start, watch, pause and stop scenarios on this server."""

from typing import Any, Literal, TypedDict

from pydantic import Field
from starlette.responses import HTMLResponse, Response

from emulator.platform.runs import RunRecord, RunRequest
from emulator.scenario.output.page import page as report_page
from emulator.shapes.ids import NumberedId
from emulator.shapes.times import iso
from emulator.web.admin.scenarios.texts import LibraryEntry, ScenarioText, describe, library, read
from emulator.web.api.models import Milliseconds, Request, Whole
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint

_HTML = "text/html"
_LENGTH_MAX_MS = 366 * 86_400_000
# The report contains its own style and nothing else; its links lead to other parts of it.
_REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


class ScenarioStart(ScenarioText):
    """The scenario as for `validate`, and options of the run.

    A world made for the run is dropped with it unless `keep` is true. `ends_ms` ends the run that
    long after its start. With `paused` it stops after its first instant until it is resumed.
    """

    keep: bool = False
    ends_ms: Whole | None = Field(None, ge=0, le=_LENGTH_MAX_MS)
    paused: bool = False


class RunStep(Request):
    """`seconds` is a number, or a text such as `1m30s`.

    Without it the run goes to its next change.
    """

    seconds_ms: Milliseconds | None = Field(None, alias="seconds", ge=1, le=_LENGTH_MAX_MS)


class RunShape(TypedDict):
    """`state` is `playing` or `over`; a run that is over has an `outcome` and a `report`.

    `name` is the scenario's name in the library, empty for others; `began_at` is the machine's
    time. `progress` is the share that is over, 0 to 1, and `length_ms` its shortest length, null
    without an end. `remaining_seconds` are of the machine's time, null if unknown.
    """

    id: NumberedId
    scenario: str
    name: str
    file: str
    params: dict[str, Any]
    seed: int
    world: str
    clock: str
    began_at: str
    state: Literal["playing", "over"]
    paused: bool
    outcome: Literal["passed", "failed", "stopped", "broken"] | None
    clock_ms: int
    length_ms: int | None
    progress: float | None
    remaining_seconds: float | None
    under_way: list[str]
    viewers: int
    lines: int
    met: int
    missed: int
    report: dict[str, Any] | None


class RunReport(TypedDict):
    """`report` is the content of `report.json`. While the run plays, its `outcome` is `playing`.

    Then it contains the last 200 steps, those `under_way`, and the `next` ones.
    """

    run: RunShape
    report: dict[str, Any]


class RunList(TypedDict):
    runs: list[RunShape]


class ScenarioList(RunList):
    scenarios: list[LibraryEntry]


@endpoint("GET", "/scenarios")
async def list_scenarios(call: Call) -> ScenarioList:
    """List the library's scenarios, and the runs of this server without their reports."""
    scenarios = await library()
    return {
        "scenarios": [{"name": name, **describe(item)} for name, item in scenarios.items()],
        "runs": _runs(call),
    }


@endpoint("POST", "/scenarios", status=201, refuses=("conflict", "not_found", "invalid"))
async def start_scenario(call: Call, body: ScenarioStart) -> RunShape:
    """Play a scenario. All its errors are reported at once, before anything happens."""
    folder, scenario = await read(call, body)
    request = RunRequest(
        scenario=scenario,
        folder=folder,
        speed=body.speed,
        seed=body.seed,
        world="own" if body.has_own_world else "this",
        is_kept=body.keep,
        ends_ms=body.ends_ms,
        name=body.name or "",
        is_paused=body.paused,
    )
    return shape(call.worlds.runs.start(request, call.platform))


@endpoint("GET", "/scenarios/runs")
def list_scenario_runs(call: Call) -> RunList:
    """List the runs of this server, oldest first, without their reports."""
    return {"runs": _runs(call)}


@endpoint("GET", "/scenarios/runs/{id}", downloads=(_HTML,))
def get_scenario_run(call: Call, id: str) -> RunShape | Response:
    """Read a run, and its report once it is over; with `Accept: text/html` as a page."""
    record = call.worlds.runs.find(id)
    report = record.report if _HTML in call.accept else None
    if report is not None:
        return HTMLResponse(
            report_page(report),
            headers={"Content-Security-Policy": _REPORT_POLICY, "Cache-Control": "no-cache"},
        )
    return shape(record)


@endpoint("GET", "/scenarios/runs/{id}/report")
def get_scenario_report(call: Call, id: str) -> RunReport:
    """Read a run's report; while the run plays, the report so far."""
    record = call.worlds.runs.find(id)
    return {"run": shape_without_report(record), "report": record.so_far()}


@endpoint("POST", "/scenarios/runs/{id}/pause", refuses=("conflict", "not_found"))
async def pause_scenario_run(call: Call, id: str) -> RunShape:
    """Pause a run. Answers when its time stands."""
    return shape(await call.worlds.runs.pause(id))


@endpoint("POST", "/scenarios/runs/{id}/resume", refuses=("conflict", "not_found"))
async def resume_scenario_run(call: Call, id: str) -> RunShape:
    """Resume a paused run at its original speed."""
    return shape(await call.worlds.runs.resume(id))


@endpoint(
    "POST",
    "/scenarios/runs/{id}/step",
    refuses=("conflict", "not_found", "unavailable", "invalid"),
    is_body_optional=True,
)
async def step_scenario_run(call: Call, id: str, body: RunStep) -> RunShape:
    """Let a run go on for `seconds`, or to its next change, and pause it there.

    A change is a step that begins or ends, or an expectation that is judged.
    """
    return shape(await call.worlds.runs.step(id, body.seconds_ms))


@endpoint("DELETE", "/scenarios/runs/{id}")
async def stop_scenario_run(call: Call, id: str) -> RunShape:
    """Stop a run. Its expectations for the end are judged, and it has a report."""
    record = call.worlds.runs.find(id)
    if record.playing is not None:
        record.runner.stop("It was stopped by a request.")
    await record.done.wait()
    return shape(record)


def shape(record: RunRecord) -> RunShape:
    return {**shape_without_report(record), "report": record.report}


def shape_without_report(record: RunRecord) -> RunShape:
    figures, request, is_over = record.figures, record.request, record.is_over
    return {
        "id": NumberedId(record.id),
        "scenario": request.scenario.name,
        "name": request.name,
        "file": request.scenario.file,
        "params": dict(request.scenario.values),
        "seed": figures.seed,
        "world": record.world,
        "clock": record.clock,
        "began_at": iso(record.began_at_ms),
        "state": "over" if is_over else "playing",
        "paused": record.is_paused,
        "outcome": figures.outcome if is_over else None,
        "clock_ms": figures.clock_ms,
        "length_ms": figures.planned_ms,
        "progress": record.share,
        "remaining_seconds": record.remaining_seconds,
        "under_way": [] if is_over else [*figures.under_way],
        "viewers": figures.viewers,
        "lines": figures.lines,
        "met": figures.met,
        "missed": figures.missed,
        "report": None,
    }


def _runs(call: Call) -> list[RunShape]:
    return [shape_without_report(record) for record in call.worlds.runs.all()]
