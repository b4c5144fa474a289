"""`scenario run --seeds`: plays one scenario with many seeds, on this machine or on a cluster."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

from msgspec import Struct

from emulator.cli import Failed
from emulator.cli.lib import logs
from emulator.cli.lib.colour import colour_of, paint
from emulator.cli.lib.jobs import collect
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.places import Place, place_of
from emulator.cli.lib.stopping import stop_signals
from emulator.cli.scenario.output import read
from emulator.cli.scenario.writing import write_files, write_report
from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.core.quantities import duration_text
from emulator.parallel.folder import ResultFolder
from emulator.parallel.jobs import Done
from emulator.parallel.jobs import run as run_jobs
from emulator.parallel.work import Job, Work
from emulator.scenario import files
from emulator.scenario.language.scenario import Scenario
from emulator.sweep import worker
from emulator.sweep.document import Played, document, shown
from emulator.sweep.junit import junit
from emulator.sweep.page import page
from emulator.sweep.plan import SweepPlan, params_in, plan, split
from emulator.sweep.result import RunResult, result_of
from emulator.sweep.result import read as read_result
from emulator.sweep.shrink import Shrinking, Smaller, Trial
from emulator.sweep.tally import Tally
from emulator.sweep.travel import SweepSetup, setup_of

# Flags of `scenario run` that say how one run is played.
_ONE_RUN = ("against", "world", "keep", "check", "admin_token")
_FIRST_REPORT = "first-failure"
_SMALLER = "smaller"


def run(args: argparse.Namespace) -> int:
    """Run a sweep. Returns 0 if no run failed, 1 for a failed run or a sweep that was cut short."""
    logs.set_up("text", "warning")
    _check(args)
    try:
        sweep = _Sweep.read(args)
        with ExitStack() as stack:
            folder = _folder(args, sweep)
            if folder:
                stack.enter_context(folder)
            return sweep.play(args, folder)
    except Refused as refused:
        raise Failed(refused.message, 2) from None


class _Sweep(Struct):
    """A sweep's scenario, its plan, and the work of its runs."""

    scenario: Scenario
    plan: SweepPlan
    setup: SweepSetup
    tally: Tally
    trials: int = 0

    @classmethod
    def read(cls, args: argparse.Namespace) -> "_Sweep":
        """Read a scenario. Refuses (`InvalidScenario`, `Refused`) one invalid with any value."""
        name, chosen = args.files[0], dict(args.params)
        _, ends = split(chosen)
        path = files.find(name)
        kinds = params_in(files.text_of(path), path.name)
        # A range of a text is that text.
        ends = {key: pair for key, pair in ends.items() if kinds.get(key, "text") != "text"}
        fixed = {key: value for key, value in chosen.items() if key not in ends}
        read_all = [
            read(name, {**fixed, **{key: pair[end] for key, pair in ends.items()}}, 0)
            for end in ((0, 1) if ends else (0,))
        ]
        scenario = read_all[0]
        sweep_plan = plan(args.seeds, chosen, scenario)
        speed = args.speed or 0.0
        setup = setup_of(read_all, path.parent, speed=speed, ends_ms=args.ends_ms)
        return cls(scenario, sweep_plan, setup, Tally(sweep_plan.ranges))

    @property
    def work(self) -> Work:
        return Work(worker.prepare, self.setup.pack())

    @property
    def identity(self) -> dict[str, Any]:
        """The values that must be equal for the runs of two sweeps to be added up."""
        parameters = {**self.plan.chosen, **{r.param.name: r.text for r in self.plan.ranges}}
        return {"scenario": self.work.digest, "parameters": parameters}

    def take(self, done: Done) -> None:
        if done.error:
            order = done.job.order
            self.tally.take_lost(order["seed"], order["parameters"], done.error)
        else:
            self.tally.take(read_result(done.result))

    def play(self, args: argparse.Namespace, folder: ResultFolder | None) -> int:
        began_ms = monotonic_ms()
        line = LiveLine(sys.stderr if args.json else None)
        work, tally = self.work, self.tally
        with stop_signals() as stop, place_of(args.on, args.jobs or os.cpu_count() or 1) as place:
            ending = collect(
                work,
                self.plan.jobs,
                place,
                self.take,
                line=line,
                stop=stop,
                folder=folder,
                detail=lambda: f"{tally.failed:,} failed" if tally.failed else "none failed",
            )
            workers = place.workers()
            played = Played(
                command=_command(args),
                speed=self.setup.speed,
                wall_ms=monotonic_ms() - began_ms,
                workers=workers,
                is_stopped=ending.is_stopped,
                reason=ending.problem,
            )
            report = document(self.scenario, self.plan, tally, played)
            full = None
            if report["first_failure"] and folder and not (ending.problem or stop.is_set()):
                full = _full_report(work, report["first_failure"], place)
                if full is not None and args.shrink:
                    report["smaller"] = self._shrink(full, place, Path(folder.path), line, stop)
        return _finish(args, report, full)

    def _shrink(
        self, full: dict[str, Any], place: Place, folder: Path, line: LiveLine, stop: Event
    ) -> dict[str, Any]:
        """Shrink the first failing run, and write it next to the report."""
        texts = {Path(self.setup.file).name: self.setup.text, **self.setup.files}
        failed, passed = read_result(result_of(full)), self.tally.first_passed
        control = None
        if passed is not None:
            control = Trial(texts=texts, seed=passed, parameters=self.plan.parameters(passed))
        shrinking = Shrinking(
            Trial(texts=texts, seed=failed.seed, parameters=self.plan.parameters(failed.seed)),
            failed,
            control,
            self.scenario.params,
            self.plan.ranges,
            lambda trials: self._try(trials, place, line, stop),
        )
        smaller = shrinking.run()
        line.clear()
        return write_smaller(folder / _SMALLER, smaller, self.setup)

    def _try(
        self, trials: Sequence[Trial], place: Place, line: LiveLine, stop: Event
    ) -> list[RunResult | None]:
        """The results of trials in order. After Ctrl-C, the rest counts as passed."""
        jobs = [Job(str(number), _order(trial)) for number, trial in enumerate(trials)]
        results: list[RunResult | None] = [None] * len(trials)
        self.trials += len(trials)
        line.show(f"making the failing run smaller  {self.trials:,} runs tried")
        for done in run_jobs(self.work, jobs, place.executor, workers=place.workers, stop=stop):
            if not done.error:
                results[int(done.job.key)] = read_result(done.result)
        return results


def write_smaller(folder: Path, smaller: Smaller, setup: SweepSetup) -> dict[str, Any]:
    """Write the smaller scenario with its includes and films; returns its entry for the report."""
    main, *_ = smaller.texts
    for name, text in smaller.texts.items():
        path = folder / name
        write_files(path.parent, {path.name: text})
    for name, content in setup.films.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {
        "file": f"{folder.name}/{main}",
        "seed": smaller.seed,
        "parameters": smaller.parameters,
        "entries": smaller.entries,
        "entries_before": smaller.entries_before,
        "trials": smaller.trials,
        "compared": smaller.has_control,
    }


def _order(trial: Trial) -> dict[str, Any]:
    main, *_ = trial.texts
    return {
        "seed": trial.seed,
        "parameters": dict(trial.parameters),
        "text": trial.texts[main],
        "files": dict(trial.texts),
    }


def _full_report(work: Work, failure: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """The whole report of the first failing run, played once more; None if that failed."""
    order = {"seed": failure["seed"], "parameters": failure["parameters"], "full": True}
    try:
        [done] = run_jobs(work, [Job("full", order)], place.executor, workers=lambda: 1)
    except Refused:
        return None
    return done.result if not done.error else None


def _check(args: argparse.Namespace) -> None:
    if len(args.files) != 1:
        raise Failed("A sweep plays one scenario: give one file with --seeds.", 2)
    wrong = [f"--{name.replace('_', '-')}" for name in _ONE_RUN if getattr(args, name)]
    if args.seed is not None:
        wrong.append("--seed")
    if args.repeat != 1:
        wrong.append("--repeat")
    if wrong:
        raise Failed(f"{wrong[0]} is for a single run: leave out either this or --seeds.", 2)
    if args.shrink and not (args.report or args.resume):
        raise Failed("--shrink writes the smaller scenario into --report DIR: add it.", 2)
    if args.on and args.jobs:
        raise Failed("-j is for this machine: with --on, the cluster's workers are used.", 2)
    if args.resume and args.report and args.resume != args.report:
        raise Failed("--resume writes its report into its own folder: leave --report out.", 2)


def _folder(args: argparse.Namespace, sweep: _Sweep) -> ResultFolder | None:
    path = args.resume or args.report
    if not path:
        return None
    is_resumed = bool(args.resume)
    return ResultFolder(Path(path), "sweep", sweep.identity, is_resumed=is_resumed)


def _command(args: argparse.Namespace) -> list[str]:
    """The command for one run of the sweep, without its seed and parameters."""
    words = ["live-emulator", "scenario", "run", args.files[0]]
    if args.speed:
        words += ["--speed", f"{args.speed:g}x"]
    if args.ends_ms is not None:
        words += ["--for", duration_text(args.ends_ms)]
    return words


def _finish(args: argparse.Namespace, report: dict[str, Any], full: dict[str, Any] | None) -> int:
    if args.json:
        print(json.dumps(report))
    else:
        print("\n".join(summary(report)))
    folder = args.resume or args.report
    if folder:
        link = ""
        if full is not None:
            write_report(Path(folder) / _FIRST_REPORT, full)
            link = f"{_FIRST_REPORT}/report.html"
        texts = {
            "report.json": json.dumps(report, indent=1) + "\n",
            "junit.xml": junit(report).decode(),
            "report.html": page(report, link),
        }
        write_files(Path(folder), texts)
    if args.junit:
        path = Path(args.junit)
        write_files(path.parent, {path.name: junit(report).decode()})
    if report["reason"]:
        resume = f" Continue with --resume {folder}." if folder else ""
        raise Failed(f"{report['reason']}{resume}", 1)
    if report["outcome"] == "stopped" and folder:
        print(f"  Continue with --resume {folder}.", file=sys.stderr)
    return 0 if report["outcome"] in ("passed", "stopped") else 1


def summary(report: dict[str, Any]) -> list[str]:
    """A sweep in a few lines: its outcome, missed expectations, the command to repeat it."""
    outcome = paint(report["outcome"], colour_of(report["outcome"]), "bold")
    times = report["times"]
    lines = [
        f"{report['scenario']}: {outcome}. {report['runs']:,} of {report['planned']:,} runs,"
        f" {report['failed']:,} failed, in {times['wall_ms'] / 1000:.1f} s,"
        f" {times['workers']} at once. runs_hash {report['runs_hash'][:16]}"
    ]
    for item in report["expectations"]:
        lines.append(_expectation(item))
    for item in report["steps"]:
        lines.append(
            f"  {item['place']}: {item['name']} {item['outcome']} in {item['runs']:,} runs:"
            f" {item['message']}"
        )
    if smaller := report.get("smaller"):
        lines.append(
            f"  Shrunk from {smaller['entries_before']} to {smaller['entries']} entries in"
            f" {smaller['trials']:,} runs: {smaller['file']} next to the report"
        )
    failure = report["first_failure"]
    if failure:
        lines.append(f"  First failed: seed {failure['seed']}. Replay it:")
        lines.append(f"    {failure['command']}")
    return lines


def _expectation(item: dict[str, Any]) -> str:
    seen, spread = item["seen"], ""
    if seen["count"]:
        low, middle, high = (shown(seen[name], seen["unit"]) for name in ("min", "median", "max"))
        spread = f" (seen {low} to {high}, median {middle})" if low != high else f" (seen {low})"
    text = f"  {item['place']}: {item['fact']} held in {item['met']:,} of {item['runs']:,}{spread}"
    return paint(text, "red") if item["missed"] else text
