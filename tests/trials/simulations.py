"""Thousands of simulated schedules of crashes and faults (`tests/support/simulation`), by seed."""

import argparse
import asyncio
import logging
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.support.simulation import Schedule, place_for
from tests.trials.trial import Trial, run

_FAULTS_MAX = 20
COUNTS: Counter[str] = Counter()


def body(trial: Trial, arguments: argparse.Namespace) -> None:
    logging.disable(logging.CRITICAL)
    began = time.process_time()
    with place_for("simulations") as place:
        _run(trial, arguments.schedules, place)
    COUNTS["seconds of a processor"] = round(time.process_time() - began)


def _run(trial: Trial, count: int, place: Path) -> None:
    for seed in range(trial.seed, trial.seed + count):
        folder = place / str(seed)
        folder.mkdir()
        schedule = Schedule(seed, folder)
        try:
            asyncio.run(schedule.run())
        # Any error is a finding, and the trial goes on with the next seed.
        except Exception as error:
            trial.fault(f"seed {seed}: {type(error).__name__}: {error}")
        COUNTS.update(
            schedules=1,
            crashes=schedule.crashes,
            refusals=schedule.refusals,
            recordings_that_failed=len(schedule.failed),
            answered=len(schedule.titles) + len(schedule.lines),
            events=len(schedule.journal),
            segments=len(schedule.segments),
        )
        shutil.rmtree(folder)
        trial.progress(f"{COUNTS['schedules']} schedules, {len(trial.faults)} faults")
        if len(trial.faults) >= _FAULTS_MAX:
            return


def report() -> Sequence[Sequence[object]]:
    return [("what", "count"), *((name.replace("_", " "), n) for name, n in COUNTS.items())]


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--schedules", type=int, default=1000, help="how many (default: 1000)")


if __name__ == "__main__":
    sys.exit(run("simulations", body, report, options))
