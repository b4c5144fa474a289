"""The report of a sweep as JUnit XML: each expectation is a test case over all runs."""

from typing import Any
from xml.etree import ElementTree

from emulator.scenario.output.junit import case, suite, text, written


def junit(report: dict[str, Any]) -> bytes:
    """One test suite. A case fails if any run missed its expectation, and names that run."""
    cases = [_expectation(report, item) for item in report["expectations"]]
    cases += [_step(report, item) for item in report["steps"]]
    for outcome in ("broken", "lost"):
        if report["outcomes"].get(outcome):
            cases.append(_runs(report, outcome))
    if report["reason"]:
        element = case(report, "the sweep", 0)
        ElementTree.SubElement(element, "error", message=text(report["reason"]))
        cases.append(element)
    properties = {
        "seeds": report["seeds"],
        "clock": report["clock"],
        "runs_hash": report["runs_hash"],
        **report["parameters"],
    }
    return written([suite(report["scenario"], cases, properties, report["times"]["wall_ms"])])


def _expectation(report: dict[str, Any], item: dict[str, Any]) -> ElementTree.Element:
    step = f" ({item['step']})" if item["step"] else ""
    wanted = "as wanted" if item["wanted_varies"] else f"{item['wanted']}"
    element = case(report, f"{item['fact']} is {wanted}{step}", 0)
    first = item["first_missed"]
    if first is not None:
        message = f"Missed in {item['missed']:,} of {item['runs']:,} runs. Seed {first['seed']}: "
        message += first["message"]
        failure = ElementTree.SubElement(element, "failure", message=text(message))
        failure.text = text(f"{item['place']}: {message}\nReplay it: {first['command']}")
    return element


def _step(report: dict[str, Any], item: dict[str, Any]) -> ElementTree.Element:
    element = case(report, f"step {item['name']}", 0)
    message = f"{item['outcome']} in {item['runs']:,} of {report['runs']:,} runs. "
    message += f"Seed {item['first_seed']}: {item['message']}"
    failure = ElementTree.SubElement(element, "failure", message=text(message))
    failure.text = text(f"{item['place']}: {message}")
    return element


def _runs(report: dict[str, Any], outcome: str) -> ElementTree.Element:
    element = case(report, f"runs that were {outcome}", 0)
    count = report["outcomes"][outcome]
    first = [item for item in report["failures"] if item["outcome"] == outcome][:1]
    message = f"{count:,} of {report['runs']:,} runs."
    for item in first:
        message += f" Seed {item['seed']}: {' '.join(item['problems'])}"
    ElementTree.SubElement(element, "error", message=text(message))
    return element
