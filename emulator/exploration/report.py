"""The report of an exploration: a document, written as a page, JSON, JUnit and plan files.

Runs are listed in the order in which their plans were drawn, however many processes ran them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from emulator.core.quantities import duration_text
from emulator.exploration.aims import cell_of
from emulator.exploration.page import page, replay_line
from emulator.exploration.plan import Written, as_yaml, sentence
from emulator.exploration.search import Exploration, Finding
from emulator.exploration.trial import Outcome
from emulator.machine.files import write_whole

FORMAT = 1
_WORDS = {"failed": 0, "survived": 1, "not reached": 2}


def document(
    state: Exploration,
    command: Sequence[str],
    seed: int,
    runs: int,
    duration_ms: int,
    *,
    is_own: bool = False,
) -> dict[str, Any]:
    """The whole report as JSON values. `is_own`: the command starts its own emulators."""
    findings = [*state.findings, *(Finding(plan, outcome) for plan, outcome in state.open)]
    entries = [_finding(number, item, state) for number, item in enumerate(findings, 1)]
    return {
        "format": FORMAT,
        "command": list(command),
        "is_own": is_own,
        "seed": seed,
        "outcome": "failed" if entries else "stopped" if state.is_stopped else "passed",
        "is_stopped": state.is_stopped,
        "runs": runs,
        "duration_ms": duration_ms,
        "limit_ms": state.limit_ms,
        "without_faults": {
            "passed": state.base_passed,
            "tried": state.base_tried,
            "duration_ms": state.base.duration_ms if state.base else None,
        },
        "notes": state.notes,
        "findings": entries,
        "unsteady": [
            _finding(number, item, state) for number, item in enumerate(state.unsteady, 1)
        ],
        "matrix": _matrix(state, findings),
        "combinations": _combinations(state),
    }


def write(report: dict[str, Any], folder: Path) -> None:
    """Write `report.html`, `report.json`, `junit.xml` and a plan file for each finding.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("finding-*.yaml"):
        stale.unlink()
    for finding in report["findings"]:
        path = folder / finding["file"]
        heading = f"{finding['sentence']}: the command fails.\n{replay_line(report, str(path))}"
        write_whole(path, as_yaml(finding["plan"], heading).encode())
    write_whole(folder / "report.json", json.dumps(report, indent=1).encode() + b"\n")
    write_whole(folder / "junit.xml", junit(report))
    write_whole(folder / "report.html", page(report).encode())


def junit(report: dict[str, Any]) -> bytes:
    """JUnit XML with a test case for each cell of the matrix and for each finding."""
    cases = [_cell_case(row, cell) for row in report["matrix"] for cell in row["cells"]]
    cases += [_finding_case(finding) for finding in report["findings"]]
    suite = ElementTree.Element(
        "testsuite",
        name="live-emulator explore",
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{report['duration_ms'] / 1000:.3f}",
    )
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written + b"\n"


def _finding(number: int, finding: Finding, state: Exploration) -> dict[str, Any]:
    outcome = finding.outcome
    return {
        "number": number,
        "file": f"finding-{number}.yaml",
        "sentence": sentence(finding.plan),
        "plan": finding.plan,
        "is_shrunk": finding.is_shrunk,
        "failed": finding.failed,
        "tried": finding.tried,
        "how": _how(outcome, state.limit_ms),
        "lines": outcome.lines,
        "requests": outcome.requests,
        "sources": [sentence(plan) for plan in finding.sources if plan != finding.plan],
    }


def _how(outcome: Outcome, limit_ms: int) -> str:
    if outcome.result == "endless":
        return f"it did not end within {duration_text(limit_ms)}, and was killed"
    return f"it ended with exit code {outcome.status}"


def _matrix(state: Exploration, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The matrix: a row for each thing that is used, with the kinds of faults that struck it."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for plan, outcome in state.tried:
        if len(plan) == 1:
            name = cell_of(plan[0])
            columns = rows.setdefault(name.row, {})
            cell = {
                "fault": name.column,
                "result": _word(outcome),
                "finding": _number_of(plan, findings) if outcome.has_failed else None,
            }
            before = columns.get(name.column, cell)
            columns[name.column] = min(before, cell, key=lambda cell: _WORDS[cell["result"]])
    return [{"row": row, "cells": list(columns.values())} for row, columns in rows.items()]


def _number_of(plan: list[Written], findings: Sequence[Finding]) -> int | None:
    """The number of the finding that a plan was shrunk to."""
    numbers = (
        number
        for number, finding in enumerate(findings, 1)
        if plan == finding.plan or plan in finding.sources
    )
    return next(numbers, None)


def _word(outcome: Outcome) -> str:
    if outcome.has_failed:
        return "failed"
    return "survived" if any(outcome.struck) else "not reached"


def _combinations(state: Exploration) -> dict[str, int]:
    words = [_word(outcome) for plan, outcome in state.tried if len(plan) > 1]
    return {word: words.count(word) for word in _WORDS}


def _cell_case(row: dict[str, Any], cell: dict[str, Any]) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=_text(row["row"]), name=_text(cell["fault"]))
    if cell["result"] == "not reached":
        ElementTree.SubElement(case, "skipped", message="not reached")
    return case


def _finding_case(finding: dict[str, Any]) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="findings", name=_text(finding["sentence"]))
    failure = ElementTree.SubElement(case, "failure", message=_text(finding["how"]))
    failure.text = _text("\n".join(finding["lines"]))
    return case


def _text(value: str) -> str:
    """The text without characters that XML 1.0 does not allow (2.2)."""
    return "".join(char if char.isprintable() or char in "\t\n" else "?" for char in value)
