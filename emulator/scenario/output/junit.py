"""The report as JUnit XML: each expectation is a test case, and so is each step that went wrong."""

from typing import Any
from xml.etree import ElementTree

from emulator.scenario.output.document import failure_message


def junit(reports: list[dict[str, Any]]) -> bytes:
    """Return a JUnit file with one suite for each report."""
    return written([_suite(report) for report in reports])


def written(suites: list[ElementTree.Element]) -> bytes:
    """Return a JUnit file of these suites."""
    root = ElementTree.Element("testsuites")
    root.extend(suites)
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return content + b"\n"


def _suite(report: dict[str, Any]) -> ElementTree.Element:
    cases = [_expectation(report, expectation) for expectation in report["expectations"]]
    # A failed `expect` is reported by its expectations.
    cases += [_step(report, step) for step in report["steps"] if _is_reported(step)]
    if report["outcome"] == "broken":
        cases.append(_broken(report))
    payload = {"seed": report["seed"], "clock": report["clock"], "log_hash": report["log_hash"]}
    properties = {**payload, **report["parameters"]}
    return suite(report["scenario"], cases, properties, report["wall_ms"])


def suite(
    name: str, cases: list[ElementTree.Element], properties: dict[str, Any], wall_ms: int
) -> ElementTree.Element:
    """Return a suite of these cases with their counts."""
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    element = ElementTree.Element(
        "testsuite",
        name=text(name),
        tests=str(len(cases)),
        failures=str(failures),
        errors=str(errors),
        skipped=str(skipped),
        time=f"{wall_ms / 1000:.3f}",
    )
    parent = ElementTree.SubElement(element, "properties")
    for key, value in properties.items():
        ElementTree.SubElement(parent, "property", name=text(key), value=text(value))
    element.extend(cases)
    return element


def case(report: dict[str, Any], name: str, at_ms: int) -> ElementTree.Element:
    """Return a case of the report's file, so far neither failed nor skipped."""
    return ElementTree.Element(
        "testcase",
        classname=text(report["file"]),
        name=text(name),
        time=f"{at_ms / 1000:.3f}",
    )


def _expectation(report: dict[str, Any], judged: dict[str, Any]) -> ElementTree.Element:
    step = f" ({judged['step']})" if judged["step"] else ""
    element = case(report, f"{judged['fact']} is {judged['wanted']}{step}", judged["at_ms"])
    if not judged["met"]:
        failure = ElementTree.SubElement(element, "failure", message=text(failure_message(judged)))
        failure.text = text(f"{judged['place']}: {failure_message(judged)}")
    return element


def _is_reported(step: dict[str, Any]) -> bool:
    """Return whether a step failed or never began; a miss is reported by its expectation."""
    return step["outcome"] == "never-began" or not (step["ok"] or step["outcome"] == "missed")


def _step(report: dict[str, Any], step: dict[str, Any]) -> ElementTree.Element:
    at_ms = report["length_ms"] if step["started_ms"] is None else step["started_ms"]
    element = case(report, f"step {step['name']}", at_ms)
    if step["ok"]:
        ElementTree.SubElement(element, "skipped", message=text(step["message"]))
        return element
    failure = ElementTree.SubElement(
        element, "failure", message=text(step["message"] or step["outcome"])
    )
    failure.text = text(f"{step['place']}: {step['action']} {step['outcome']}: {step['message']}")
    return element


def _broken(report: dict[str, Any]) -> ElementTree.Element:
    element = case(report, "the run", report["length_ms"])
    ElementTree.SubElement(element, "error", message=text(report["reason"]))
    return element


def text(value: Any) -> str:
    """Return a value as XML 1.0 (2.2) allows it: other control characters would break the file."""
    return "".join(char if char.isprintable() or char in "\t\n" else "?" for char in str(value))
