"""A sweep's report: the same bytes in whatever order the runs are added."""

import json
import random
from typing import Any
from xml.etree import ElementTree

import pytest

from emulator.scenario.language.load import load
from emulator.sweep.document import Played, bin_width, document, histogram
from emulator.sweep.junit import junit
from emulator.sweep.page import page
from emulator.sweep.plan import plan
from emulator.sweep.result import ExpectationResult, RunResult, StepFailure
from emulator.sweep.tally import Tally

SCENARIO = load(
    "scenario: Sweep <me>\nparams:\n  peak: {type: integer, default: 5}\n"
    "timeline:\n  - log: hello\nexpect: {events.publisher.left: 0}\n",
    "sweep.yaml",
)
PLAN = plan(range(1, 501), {"peak": "1..100"}, SCENARIO)


def result(seed: int) -> RunResult:
    peak = PLAN.parameters(seed)["peak"]
    is_missed, is_wrong = peak > 90, seed == 77
    text = f"fact should be below 90, and was {peak}."
    return RunResult(
        seed=seed,
        outcome="failed" if is_missed or is_wrong else "passed",
        reason="",
        parameters={"peak": peak},
        log_hash=f"{seed:064x}",
        expectations=(
            ExpectationResult(
                "sweep.yaml:6", "events.publisher.left", "", f"below {peak}", 1,
                int(is_missed), str(peak), text if is_missed else "",
            ),
            ExpectationResult("sweep.yaml:6", "stream.s.status", "", "ended", 2, 0, "ended"),
        ),
        steps=(StepFailure("sweep.yaml:5", "log 1", "log", "refused", "<no>"),) if is_wrong else (),
        figures={"length_ms": 1000.0 + seed, "ratio": seed / 7},
        wall_ms=seed,
    )  # fmt: skip


def report_of(seeds: list[int]) -> dict[str, Any]:
    tally = Tally(PLAN.ranges)
    for seed in seeds:
        if seed % 100 == 42:
            tally.take_lost(seed, PLAN.parameters(seed), "Its worker died 3 times.")
        else:
            tally.take(result(seed))
    command = ("live-emulator", "scenario", "run", "sweep.yaml")
    played = Played(command=command, speed=0, wall_ms=1000, workers=2)
    return document(SCENARIO, PLAN, tally, played)


def test_report_is_the_same_in_any_order() -> None:
    seeds = list(PLAN.seeds)
    report = report_of(seeds)
    for chance in range(3):
        random.Random(chance).shuffle(seeds)

        assert json.dumps(report_of(seeds)) == json.dumps(report)


def test_report_counts_met_expectations_and_names_the_first_failing_run() -> None:
    report = report_of(list(PLAN.seeds))

    failed = [
        seed for seed in PLAN.seeds if seed % 100 != 42 and PLAN.parameters(seed)["peak"] > 90
    ]
    assert report["outcome"] == "failed"
    assert report["runs"] == 500
    assert report["outcomes"]["lost"] == 5
    [left, status] = report["expectations"]
    assert (left["missed"], left["met"]) == (len(failed), 495 - len(failed))
    assert left["first_missed"]["seed"] == failed[0]
    assert left["wanted_varies"]
    assert status["seen"]["texts"] == [{"text": "ended", "runs": 495}]
    peak = PLAN.parameters(failed[0])["peak"]
    command = f"live-emulator scenario run sweep.yaml --seed {failed[0]} -p peak={peak}"
    assert left["first_missed"]["command"] == command
    assert report["first_failure"]["seed"] == min(failed[0], 42, 77)
    # Only large values fail.
    [peaks] = report["ranges"]
    assert sum(peaks["failed"]) == len(failed) + 1
    assert sum(peaks["counts"]) == 495
    [step] = report["steps"]
    assert (step["runs"], step["first_seed"]) == (1, 77)


def test_report_is_written_as_junit_and_as_a_page() -> None:
    report = report_of(list(PLAN.seeds))

    suite = ElementTree.fromstring(junit(report))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "2", "1")
    html = page(report, "first-failure/report.html")
    assert "Sweep &lt;me&gt;" in html
    assert "<no>" not in html
    assert report["first_failure"]["command"] in html


@pytest.mark.parametrize(
    ("numbers", "low", "width", "counts"),
    [
        ([5, 5, 5], 5, 1, [3]),
        ([0, 0], 0, 1, [2]),
        ([1, 2, 3, 3], 1, 1, [1, 1, 2]),
        ([0, 99], 0, 10, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ([0.1, 0.35], 0.1, 0.05, [1, 0, 0, 0, 0, 1]),
    ],
)
def test_histogram_has_few_bins_of_a_round_width(
    numbers: list[float], low: float, width: float, counts: list[int]
) -> None:
    bins = histogram(numbers)

    assert bins["counts"] == counts
    assert (bins["from"], bins["width"]) == pytest.approx((low, width))


def test_histogram_never_has_more_bins_than_a_page_shows() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        low = chance.uniform(-1e6, 1e6)
        high = low + 10 ** chance.uniform(-6, 9)
        width = bin_width(low, high, is_whole=False)
        assert high // width - low // width < 12
