"""`explore`: runs a command again and again, and finds faults that it does not survive."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from platform import node
from typing import TYPE_CHECKING, Any

from emulator.cli import Failed
from emulator.cli.lib import options
from emulator.cli.lib.beside import add_command_flags, command_of, in_memory
from emulator.cli.lib.line import LiveLine
from emulator.cli.lib.stopping import stop_signals
from emulator.core.errors import Refused
from emulator.core.quantities import duration_text
from emulator.settings import gather
from emulator.settings.fields import SETTINGS

if TYPE_CHECKING:
    from emulator.exploration.lab import Budget, Lab
    from emulator.exploration.search import Search
    from emulator.exploration.trial import Setup

NAME = "explore"
HELP = "find the faults that a command, such as a test suite, does not survive"
EXAMPLES = """
  live-emulator explore -- npm test
  live-emulator explore --runs 500 -j 4 -- pytest -q tests/streams
  live-emulator explore --for 10m --random-seed 7 --env API_BASE={http}/api/v1 -- go test ./...
  live-emulator explore --resume live-emulator-explore -- npm test
  live-emulator explore --on tcp://scheduler:8786 -- npm test
"""

FOLDER = "live-emulator-explore"
_RUNS = 200
_count = options.whole_number(1, 1_000_000)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs",
        type=_count,
        metavar="N",
        help=f"fault plans to try (default: {_RUNS}; with --for: as many as there is time for)",
    )
    parser.add_argument(
        "--for",
        dest="length_ms",
        type=options.positive_duration,
        metavar="DURATION",
        help="stop after this long, such as 10m",
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=_count,
        metavar="N",
        help="how many runs at the same time (default: half the number of cores)",
    )
    parser.add_argument(
        "--on",
        default="",
        metavar="ADDRESS",
        help="run on a Dask cluster, such as tcp://scheduler:8786, whose workers share this folder",
    )
    parser.add_argument(
        "--limit",
        dest="limit_ms",
        type=options.positive_duration,
        metavar="DURATION",
        help="longest time of one run (default: 5 times as long as without faults, plus 20s)",
    )
    parser.add_argument(
        "--random-seed",
        type=options.integer,
        default=1,
        metavar="N",
        help="random seed of the plans (default: 1)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help=f"folder for the report and all results (default: {FOLDER})",
    )
    parser.add_argument(
        "--resume", type=Path, metavar="DIR", help="continue the exploration in this folder"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="start a new emulator for each run, which is slower"
    )
    parser.add_argument(
        "--own-emulator",
        action="store_true",
        help="the command starts its own emulator: a suite with the pytest plugin",
    )
    add_command_flags(parser)


def run(args: argparse.Namespace) -> int:
    command = command_of(args, NAME)
    if args.report and args.resume and args.report != args.resume:
        raise Failed("Give --report or --resume: one folder holds all of an exploration.", 2)
    if args.on and args.jobs:
        raise Failed("-j is for this machine: with --on, the cluster's workers are used.", 2)
    names = {setting.name for setting in SETTINGS} | {"settings"}
    flags = in_memory({name: value for name, value in vars(args).items() if name in names})
    try:
        return explore(command, args, flags)
    except Refused as refused:
        raise Failed(refused.message, 2) from None


def explore(command: Sequence[str], args: argparse.Namespace, flags: dict[str, Any]) -> int:
    """Search, write the report, and print the findings. Returns 1 if there are any, otherwise 0."""
    from emulator.cli.lib.places import place_of
    from emulator.exploration.lab import Budget, Lab
    from emulator.exploration.search import Search
    from emulator.exploration.trial import trials
    from emulator.parallel.folder import ResultFolder
    from emulator.parallel.work import Work

    work = Work(trials, _setup(command, args, flags).pack())
    settings = {name: str(value) for name, value in flags.items()}
    identity = {"command": list(command), "seed": args.random_seed, "settings": settings}
    path = args.resume or args.report or Path(FOLDER)
    runs_max = args.runs or (None if args.length_ms else _RUNS)
    line = LiveLine(sys.stderr)
    # If there is no such cluster, the folder's earlier results stay.
    with (
        place_of(args.on, args.jobs or max(1, (os.cpu_count() or 2) // 2)) as place,
        ResultFolder(path, "exploration", identity, is_resumed=bool(args.resume)) as folder,
    ):
        budget = Budget(args.length_ms)
        shown = _Shown(line, budget, runs_max)
        lab = Lab(work, place.executor, place.workers, folder, budget, shown.show)
        search = shown.search = Search(
            lab,
            seed=args.random_seed,
            runs_max=runs_max,
            limit_ms=args.limit_ms,
            say=lambda text: line.say(text, "red"),
        )
        try:
            with stop_signals(budget):
                search.run()
        finally:
            line.clear()
        return _finish(search, lab, command, args, path, budget)


def _setup(command: Sequence[str], args: argparse.Namespace, flags: dict[str, Any]) -> "Setup":
    """The workers' set-up. Settings are checked here, not by each worker; paths become absolute."""
    from emulator.exploration.trial import Setup

    settings = gather(flags, os.environ)
    files = {
        setting.name: Path(value).absolute()
        for setting in SETTINGS
        if isinstance(value := settings.value_of(setting), Path)
    }
    seed = settings.seed
    if seed not in ("default", "none"):
        seed = str(Path(seed).absolute())
    return Setup(
        list(command),
        str(Path.cwd()),
        node(),
        settings.changed(seed=seed, **files),
        args.env,
        is_own=args.own_emulator,
        is_fresh=args.fresh,
    )


class _Shown:
    """The progress line: runs done, findings, time left."""

    def __init__(self, line: LiveLine, budget: "Budget", runs_max: int | None) -> None:
        self._line = line
        self._budget = budget
        self._runs_max = runs_max
        self.search: Search | None = None

    def show(self, lab: "Lab") -> None:
        state = self.search.state if self.search else None
        parts = [f"{lab.runs:,} runs"]
        if self._runs_max and state:
            parts.append(f"{len(state.tried):,} of {self._runs_max:,} plans")
        if state:
            parts.append(f"{len(state.findings)} findings")
        left_ms = self._left_ms(len(state.tried) if state else 0)
        if left_ms is not None:
            parts.append(f"{duration_text(left_ms // 1000 * 1000)} left")
        self._line.show("  ".join(parts))

    def _left_ms(self, tried: int) -> int | None:
        elapsed_ms, limits = self._budget.elapsed_ms, []
        if self._budget.length_ms is not None:
            limits.append(self._budget.length_ms - elapsed_ms)
        if self._runs_max and tried:
            limits.append(elapsed_ms * max(0, self._runs_max - tried) // tried)
        return max(0, min(limits)) if limits else None


def _finish(
    search: "Search",
    lab: "Lab",
    command: Sequence[str],
    args: argparse.Namespace,
    path: Path,
    budget: "Budget",
) -> int:
    from emulator.exploration.report import document, write

    state = search.state
    if lab.problem and state.base is None:
        raise Failed(lab.problem, 2)
    if lab.problem:
        state.notes.append(f"The search ended early: {lab.problem}")
    if lab.lost:
        state.notes.append(
            f"{lab.lost} runs have no result, since their workers died. --resume tries them again."
        )
    report = document(
        state, command, args.random_seed, lab.runs, budget.elapsed_ms, is_own=args.own_emulator
    )
    try:
        write(report, path)
    except OSError as error:
        raise Failed(f"The report cannot be written to {path}: {error.strerror}.", 2) from None
    print("\n".join(_summary(report, path)))
    is_interrupted = state.is_stopped and not budget.is_over and not lab.problem
    return 1 if report["findings"] else 130 if is_interrupted else 2 if lab.problem else 0


def _summary(report: dict[str, Any], path: Path) -> Iterator[str]:
    from emulator.exploration.page import replay_line

    base = report["without_faults"]
    count = len(report["findings"])
    yield (
        f"{report['runs']:,} runs, {count} {'finding' if count == 1 else 'findings'};"
        f" without faults the command passed {base['passed']} of {base['tried']} times."
    )
    for finding in report["findings"]:
        often = f"fails {finding['failed']} of {finding['tried']}"
        shrunk = "" if finding["is_shrunk"] else ", not shrunk: the search ended first"
        yield f"{finding['number']}. {finding['sentence']} ({often}{shrunk})"
        yield f"   {replay_line(report, str(path / finding['file']))}"
    for entry in report["unsteady"]:
        yield f"unsteady: {entry['sentence']} (fails {entry['failed']} of {entry['tried']})"
    yield from report["notes"]
    if report["is_stopped"]:
        yield f"The search was stopped early. Continue it with --resume {path}."
    yield f"Report: {path / 'report.html'}"
