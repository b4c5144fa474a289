"""A search with an app whose faults are known: it finds these and no others."""

import re
from itertools import count
from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.exploration.plan import Written, sentence
from emulator.exploration.report import document, junit
from emulator.exploration.search import Exploration
from tests.support.exploration import FakeApp, search


def sentences(state: Exploration) -> list[str]:
    return [sentence(finding.plan) for finding in state.findings]


def kinds(plan: list[Written]) -> set[str]:
    return {name for entry in plan for name in entry if "." in name}


def breaks_on_busy(plan: list[Written]) -> bool:
    """An app that does not retry: any error of one operation breaks it."""
    return any(entry.get("api.fail", {}).get("operation") == "POST /streams" for entry in plan)


def test_search_puts_all_that_has_one_cause_into_one_finding(tmp_path: Path) -> None:
    state = search(FakeApp(breaks_on_busy), tmp_path)

    assert sentences(state) == ["`POST /streams` answered 503 once"]
    assert len(state.findings[0].sources) >= 3
    assert (state.findings[0].failed, state.findings[0].tried) == (3, 3)
    assert (state.base_passed, state.base_tried) == (3, 3)


def test_search_shrinks_a_plan_to_the_two_needed_faults(tmp_path: Path) -> None:
    def fails(plan: list[Written]) -> bool:
        return {"webhook.repeat", "api.cut"} <= kinds(plan)

    state = search(FakeApp(fails), tmp_path, runs_max=500)

    assert state.findings
    assert all(kinds(finding.plan) == {"webhook.repeat", "api.cut"} for finding in state.findings)


def test_search_finds_the_latest_start_that_still_fails(tmp_path: Path) -> None:
    def fails(plan: list[Written]) -> bool:
        return any("api.stale" in entry and entry.get("skip", 0) <= 3 for entry in plan)

    state = search(FakeApp(fails), tmp_path)

    assert [finding.plan[0]["skip"] for finding in state.findings] == [3]


def test_search_finds_nothing_in_a_sound_app(tmp_path: Path) -> None:
    state = search(FakeApp(lambda _: False), tmp_path, runs_max=300)

    assert (state.findings, state.unsteady) == ([], [])
    assert len(state.tried) > 100


def test_search_distinguishes_a_flaky_failure_from_a_finding(tmp_path: Path) -> None:
    numbers = count()

    def fails(plan: list[Written]) -> bool:
        return "api.cut" in kinds(plan) and next(numbers) == 0

    state = search(FakeApp(fails), tmp_path)

    assert state.findings == []
    assert [(entry.failed, entry.tried) for entry in state.unsteady] == [(1, 3)]


def test_search_has_equal_results_for_any_number_of_workers(tmp_path: Path) -> None:
    one = search(FakeApp(breaks_on_busy), tmp_path / "one")
    four = search(FakeApp(breaks_on_busy), tmp_path / "four", workers=4)

    assert [plan for plan, _ in one.tried] == [plan for plan, _ in four.tried]
    assert document(one, ["app"], 1, 0, 0) == document(four, ["app"], 1, 0, 0)


def test_search_resumes_where_it_was_stopped(tmp_path: Path) -> None:
    app = FakeApp(breaks_on_busy)
    stopped = search(
        app,
        tmp_path,
        when_run=lambda lab, budget: budget.set() if lab.runs == 20 else None,
    )
    runs = app.runs
    resumed = search(app, tmp_path, is_resumed=True)
    whole = FakeApp(breaks_on_busy)
    expected = search(whole, tmp_path / "whole")

    assert stopped.is_stopped
    assert document(stopped, ["app"], 1, 0, 0)["matrix"]
    assert sentences(resumed) == sentences(expected)
    assert runs < app.runs <= whole.runs + 2


def test_search_continues_after_a_run_whose_workers_all_die(tmp_path: Path) -> None:
    def kills(plan: list[Written]) -> bool:
        return kinds(plan) == {"api.cut"}

    state = search(FakeApp(breaks_on_busy), tmp_path, kills=kills)

    # It is no finding, and a resume tries it again.
    assert sentences(state) == ["`POST /streams` answered 503 once"]
    rows = document(state, ["app"], 1, 0, 0)["matrix"]
    cells = {(row["row"], cell["fault"]): cell["result"] for row in rows for cell in row["cells"]}
    assert cells["POST /streams", "cut"] == "not reached"
    resumed = search(FakeApp(breaks_on_busy), tmp_path, is_resumed=True)
    assert len(resumed.tried) == len(state.tried)
    assert not any(outcome.result == "lost" for _, outcome in resumed.tried)


def test_search_says_that_a_command_ends_its_workers(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"killed each time.*died 3 times"):
        search(FakeApp(breaks_on_busy), tmp_path, kills=lambda plan: not plan)


def test_search_begins_with_a_command_that_passes(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=re.escape("fails (exit code 1)")):
        search(FakeApp(lambda _: True), tmp_path)


def test_search_says_how_flaky_a_command_is_without_faults(tmp_path: Path) -> None:
    numbers = count()
    state = search(FakeApp(lambda plan: not plan and next(numbers) == 1), tmp_path)

    assert (state.base_passed, state.base_tried) == (2, 3)
    assert "passed 2 of 3 times" in state.notes[0]


def test_report_shows_survived_and_failed_faults(tmp_path: Path) -> None:
    report = document(search(FakeApp(breaks_on_busy), tmp_path), ["app"], 1, 0, 0)

    rows = {row["row"]: row["cells"] for row in report["matrix"]}
    results = {cell["fault"]: cell["result"] for cell in rows["POST /streams"]}
    assert results["503"] == results["503, done"] == "failed"
    assert results["cut"] == "survived"
    assert b'<testcase classname="POST /streams" name="cut"' in junit(report)
    assert b"it broke" in junit(report)
