"""The report as one JSON document; its other forms are made from it."""

from typing import Any

from emulator.scenario.engine.results import Judged, StepDone
from emulator.scenario.engine.run import Run
from emulator.scenario.language.scenario import Scenario, Step
from emulator.scenario.output.fold import Fold, percentiles
from emulator.scenario.output.series import Series

VERSION = 1
# If all texts together are longer, the report contains none of them.
SOURCES_CHARS_MAX = 256 * 1024
# The number of steps in the report of a run that is still playing.
_LAST_STEPS = 200
_NEXT_STEPS = 20
# These depend on real encoders and sockets, and so differ from run to run.
_REAL = (
    "the instants at which real publishers, players and sockets come and go",
    "lengths of recordings, to the frame",
    "log_hash",
)


def document(fold: Fold, *, clock: str, wall_ms: int) -> dict[str, Any]:
    """Return the report of a run as plain JSON values; its times count from the run's start."""
    runner, run = fold.runner, fold.runner.run
    scenario = run.scenario
    names = {stream_id: name for name, stream_id in run.streams.items()}
    length_ms = runner.clock_ms
    return {
        "report": VERSION,
        "scenario": scenario.name,
        "about": scenario.about,
        "file": scenario.file,
        "outcome": fold.outcome,
        "reason": fold.broken.reason if fold.broken else "",
        "parameters": dict(scenario.values),
        "seed": run.seed,
        "clock": clock,
        "log_hash": runner.log_hash,
        "events": runner.events,
        "differs_each_time": [] if run.is_virtual else list(_REAL),
        "world": run.world.name,
        "began_at_ms": run.began_ms,
        "length_ms": length_ms,
        "wall_ms": wall_ms,
        "names": {"streams": run.streams, "users": run.users, "vods": run.vods},
        "steps": [_step(step) for step in fold.steps],
        "turns": dict(fold.turns),
        "expectations": [_expectation(judged) for judged in fold.judged],
        "notes": [{"at_ms": note.at_ms, "text": note.text} for note in fold.notes],
        "counts": dict(sorted(_named(run.counts, names).items())),
        "late_ms": percentiles(fold.lateness_ms),
        "viewers_peak": fold.most_watching,
        "chat_posted": fold.lines_said,
        "chart": {
            "viewers": _curve(fold.viewers),
            "chat": _curve(fold.lines),
            "streams": [
                {
                    "name": names.get(stream_id, stream_id),
                    "viewers": _curve(series.viewers),
                    "chat": _curve(series.lines),
                }
                for stream_id, series in fold.streams.items()
            ],
            "states": [
                {**span, "name": names.get(str(span["name"]), str(span["name"]))}
                for span in fold.states.payload(length_ms)
            ],
            "faults": fold.faults.payload(length_ms),
        },
        "moments": fold.moments.payload(run.began_ms, _all_names(run)),
        "sources": sources(scenario),
    }


def so_far(fold: Fold, *, clock: str, wall_ms: int) -> dict[str, Any]:
    """Return the report of a playing run, with its last steps, the current and the next ones."""
    runner = fold.runner
    report = document(fold, clock=clock, wall_ms=wall_ms)
    return {
        **report,
        "outcome": "playing",
        "steps": report["steps"][-_LAST_STEPS:],
        "under_way": [
            {**_line(step_run.step), "since_ms": step_run.began_ms - runner.run.began_ms}
            for step_run in runner.under_way[-_LAST_STEPS:]
        ],
        "next": [
            {**_line(planned.step), "planned_ms": planned.starts_ms}
            for planned in runner.to_come[:_NEXT_STEPS]
        ],
    }


def sources(scenario: Scenario) -> dict[str, str]:
    """Return the text of each file that has a step or an expectation, by the file's name."""
    places = {step.place.file for step in scenario.steps}
    places |= {expectation.place.file for expectation in scenario.expectations}
    texts = {scenario.file: scenario.text}
    texts |= {name: scenario.files[name] for name in sorted(places) if name in scenario.files}
    texts = {name: text for name, text in texts.items() if text}
    return texts if sum(map(len, texts.values())) <= SOURCES_CHARS_MAX else {}


def _line(step: Step) -> dict[str, Any]:
    return {"name": step.name, "action": step.action.name, "place": str(step.place)}


def _all_names(run: Run) -> dict[str, str]:
    """Return the scenario's names of streams, people and VODs, by their ids."""
    parts = (run.streams, run.users, run.vods)
    return {item_id: name for part in parts for name, item_id in part.items()}


def _curve(series: Series) -> dict[str, Any]:
    return {"every_ms": series.interval_ms, "values": series.values}


def _step(done: StepDone) -> dict[str, Any]:
    return {
        **_line(done.step),
        "planned_ms": done.planned_ms,
        "started_ms": done.started_ms,
        "ended_ms": done.ended_ms,
        "outcome": done.outcome,
        "ok": done.is_ok,
        "message": done.message,
    }


def _expectation(judged: Judged) -> dict[str, Any]:
    return {
        "fact": judged.path,
        "wanted": judged.wanted,
        "met": judged.is_met,
        "seen": judged.seen,
        "at_ms": judged.at_ms,
        "place": str(judged.place),
        "step": judged.step,
        "within_ms": judged.within_ms,
        "closest": judged.closest,
        "closest_at_ms": judged.closest_ms,
        "why": judged.why,
    }


def _named(counts: dict[str, int], names: dict[str, str]) -> dict[str, int]:
    """Replace ids in the keys of counts by the file's names: `chat.posted/launch`."""
    named = {}
    for what, count in counts.items():
        first, slash, subject = what.partition("/")
        named[f"{first}{slash}{names.get(subject, subject)}"] = count
    return named


def failure_message(judged: dict[str, Any]) -> str:
    """Return a sentence on a missed expectation: the wanted, the seen and the closest value."""
    from emulator.core.quantities import duration_text

    text = f"{judged['fact']} should be {judged['wanted']}, and was {judged['seen']}"
    text += f" at {duration_text(judged['at_ms'])}"
    if judged["closest"] and judged["closest_at_ms"] != judged["at_ms"]:
        text += f"; it came closest with {judged['closest']} at "
        text += duration_text(judged["closest_at_ms"])
    if judged["why"]:
        text += f" ({judged['why'].rstrip('.')})"
    return text + "."
