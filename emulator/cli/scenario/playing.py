"""`scenario run`: in worlds of an emulator of this process, or on one that runs already."""

import argparse
import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.cli import Failed, serve
from emulator.cli.lib import logs
from emulator.cli.lib.colour import colour_of, paint
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.progress import progress_text
from emulator.cli.scenario import replaying
from emulator.cli.scenario.output import read
from emulator.cli.scenario.writing import write_junit, write_report, write_reports
from emulator.core.errors import Refused
from emulator.core.quantities import duration_text
from emulator.scenario import files
from emulator.scenario.language.errors import InvalidScenario
from emulator.scenario.language.scenario import Scenario
from emulator.scenario.output.document import failure_message
from emulator.settings import MEMORY, Settings

if TYPE_CHECKING:
    from emulator.platform.runs import RunRecord, Runs

_LOOK_SECONDS = 0.1


def run(args: argparse.Namespace) -> int:
    """Play scenarios. Returns 0 if no expectation was missed, otherwise 1, 2 if none began."""
    if args.seeds is not None:
        from emulator.cli.scenario import sweeping

        return sweeping.run(args)
    for flag in ("on", "resume", "jobs", "shrink"):
        if getattr(args, flag):
            name = "-j" if flag == "jobs" else f"--{flag}"
            raise Failed(f"{name} is for a sweep: add --seeds, such as --seeds 1..1000.", 2)
    logs.set_up("text", "warning")
    if all(name.endswith(replaying.SUFFIX) for name in args.files):
        speed = args.speed or 0.0
        try:
            return finish(args, [replaying.replay(Path(name), speed) for name in args.files])
        except InvalidScenario as invalid:
            raise Failed(invalid.message, 2) from None
    try:
        scenarios = [read(name, dict(args.params), args.seed) for name in args.files]
    except Refused as refused:
        is_range = any(".." in value for _, value in args.params)
        hint = "\nA range of a parameter is for a sweep: add --seeds 1..1000." if is_range else ""
        raise Failed(refused.message + hint, 2) from None
    if args.against:
        from emulator.cli.scenario import against

        reports = against.play(args, scenarios, args.ends_ms)
        return finish(args, reports)
    reports_here: list[dict[str, Any]] = []
    code = serve.in_loop(lambda: _Playing(args, scenarios, args.ends_ms, reports_here).run())
    return code or finish(args, reports_here)


def finish(args: argparse.Namespace, reports: list[dict[str, Any]]) -> int:
    """Print the results, and write the requested reports."""
    is_fine = True
    for report in reports:
        wrong = _wrong_hash(args, report)
        is_fine = is_fine and report["outcome"] in ("passed", "stopped") and not wrong
        if args.json:
            print(json.dumps(report))
        else:
            print("\n".join(summary(report)))
        if wrong:
            print(wrong, file=sys.stderr)
    if args.report and len(reports) > 1:
        write_reports(Path(args.report), reports)
    elif args.report:
        write_report(Path(args.report), reports[0])
    if args.junit:
        write_junit(Path(args.junit), reports)
    return 0 if is_fine else 1


def summary(report: dict[str, Any]) -> list[str]:
    """A run in a few lines: its outcome, and every missed expectation in a sentence."""
    expectations = report["expectations"]
    outcome = paint(report["outcome"], colour_of(report["outcome"]), "bold")
    met = sum(expectation["met"] for expectation in expectations)
    names = [
        f"{report['scenario']}: {outcome}. {met} of {len(expectations)} expectations met,"
        f" {duration_text(report['length_ms'])} in {report['wall_ms'] / 1000:.1f} s,"
        f" {report['events']} events, up to {report['viewers_peak']} viewers,"
        f" {report['chat_posted']} lines. log_hash {report['log_hash'][:16]}"
    ]
    if report["reason"]:
        names.append(f"  {report['reason']}")
    names += [
        f"  {step['place']}: {step['name']} {_outcome(step)}: {step['message']}"
        for step in report["steps"]
        if not step["ok"] and step["outcome"] != "missed"
    ]
    names += [
        f"  {step['place']}: {step['name']} never began: {step['message']}"
        for step in report["steps"]
        if step["ok"] and step["outcome"] == "never-began"
    ]
    missed = [expectation for expectation in expectations if not expectation["met"]]
    return names + [paint(f"  {item['place']}: {failure_message(item)}", "red") for item in missed]


def _outcome(step: dict[str, Any]) -> str:
    is_wanted = step["outcome"] == "never-began"
    return "was required, and never began" if is_wanted else str(step["outcome"])


class _Playing:
    """Plays all scenarios side by side, on an emulator that this process starts and stops."""

    def __init__(
        self,
        args: argparse.Namespace,
        scenarios: list[Scenario],
        ends_ms: int | None,
        reports: list[dict[str, Any]],
    ) -> None:
        self._args = args
        self._scenarios = scenarios
        self._ends_ms = ends_ms
        self._reports = reports
        # With --json, standard output is the reports'.
        self._line = LiveLine(sys.stderr if args.json else None)

    async def run(self) -> int:
        from emulator.platform.runs import VIRTUAL, RunRequest

        port = Settings().port if self._args.keep else 0
        settings = Settings(data=MEMORY, port=port, rtmp_port=0, rtmps_port=0)
        async with AsyncExitStack() as stack:
            stop = stack.enter_context(serve.stop_on_signals())
            emulator = await serve.start(settings, stack, is_announced=self._args.keep)
            runs = emulator.worlds.runs
            speed = VIRTUAL if self._args.speed is None else self._args.speed
            requests = [
                RunRequest(
                    scenario=scenario,
                    folder=str(files.find(name).parent),
                    speed=speed,
                    is_kept=self._args.keep,
                    ends_ms=self._ends_ms,
                )
                for name, scenario in zip(self._args.files, self._scenarios, strict=True)
            ]
            run_records: list[RunRecord] = []
            for _ in range(self._args.repeat):
                if stop.is_set():
                    break
                records = [runs.start(request, emulator.platform) for request in requests]
                await self._watch(runs, records, stop)
                reports = (record.report for record in records)
                self._reports += [report for report in reports if report is not None]
                run_records += records
            self._line.end()
            if self._args.keep and not stop.is_set():
                await self._keep(run_records, str(emulator.ready["http"]), stop)
        return 0

    async def _watch(self, runs: "Runs", records: "list[RunRecord]", stop: asyncio.Event) -> None:
        """Show progress until all are over, or until Ctrl-C."""
        waits = [asyncio.create_task(record.done.wait()) for record in records]
        stopping = asyncio.create_task(stop.wait())
        while left := [wait for wait in waits if not wait.done()]:
            await asyncio.wait(
                [*left, *([] if stop.is_set() else [stopping])],
                timeout=_LOOK_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if stop.is_set():
                await runs.stop("Stopped with Ctrl-C.")
            self._line.show(" | ".join(map(_progress, records)))
        stopping.cancel()

    async def _keep(self, records: "list[RunRecord]", http: str, stop: asyncio.Event) -> None:
        for record in records:
            text = (
                f"{record.request.scenario.name} stays in the world {record.world}: send the header"
            )
            self._line.say(f"{text} X-Emulator-World: {record.world} to {http}. Ctrl-C ends it.")
        await stop.wait()


def _progress(record: "RunRecord") -> str:
    figures = record.figures
    steps = ", ".join(figures.under_way[:2]) or ("over" if record.is_over else "waiting")
    words = (
        progress_text(record.share, record.remaining_seconds),
        f"{duration_text(figures.clock_ms // 1000 * 1000)} {record.request.scenario.name}: {steps},"
        f" {figures.viewers} viewers, {figures.lines} lines",
    )
    return "  ".join(word for word in words if word)


def _wrong_hash(args: argparse.Namespace, report: dict[str, Any]) -> str:
    text: str = report["log_hash"]
    if args.check and not text.startswith(args.check):
        return f"log_hash is {text}, not {args.check}: the run went differently."
    return ""
