"""The report as JUnit XML: an expectation is a test case, and so is a step that went wrong."""

from typing import Any
from xml.etree import ElementTree

from emulator.scenario.output.document import failure_message


def junit(reports: list[dict[str, Any]]) -> bytes:
    """One suite a scenario."""
    root = ElementTree.Element("testsuites")
    for report in reports:
        root.append(_suite(report))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(report: dict[str, Any]) -> ElementTree.Element:
    cases = [_expectation(report, expectation) for expectation in report["expectations"]]
    # An `expect` that failed is reported by its expectations.
    cases += [_step(report, step) for step in report["steps"] if _is_reported(step)]
    if report["outcome"] == "broken":
        cases.append(_broken(report))
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    skipped = sum(case.find("skipped") is not None for case in cases)
    suite = ElementTree.Element(
        "testsuite",
        name=_text(report["scenario"]),
        tests=str(len(cases)),
        failures=str(failures),
        errors=str(errors),
        skipped=str(skipped),
        time=f"{report['wall_ms'] / 1000:.3f}",
    )
    properties = ElementTree.SubElement(suite, "properties")
    payload = {"seed": report["seed"], "clock": report["clock"], "log_hash": report["log_hash"]}
    for name, value in {**payload, **report["parameters"]}.items():
        ElementTree.SubElement(properties, "property", name=_text(name), value=_text(value))
    suite.extend(cases)
    return suite


def _case(report: dict[str, Any], name: str, at_ms: int) -> ElementTree.Element:
    return ElementTree.Element(
        "testcase",
        classname=_text(report["file"]),
        name=_text(name),
        time=f"{at_ms / 1000:.3f}",
    )


def _expectation(report: dict[str, Any], judged: dict[str, Any]) -> ElementTree.Element:
    step = f" ({judged['step']})" if judged["step"] else ""
    case = _case(report, f"{judged['fact']} is {judged['wanted']}{step}", judged["at_ms"])
    if not judged["met"]:
        failure = ElementTree.SubElement(case, "failure", message=_text(failure_message(judged)))
        failure.text = _text(f"{judged['place']}: {failure_message(judged)}")
    return case


def _is_reported(step: dict[str, Any]) -> bool:
    """Steps that failed, and those that never began; a miss is reported by its expectation."""
    return step["outcome"] == "never-began" or not (step["ok"] or step["outcome"] == "missed")


def _step(report: dict[str, Any], step: dict[str, Any]) -> ElementTree.Element:
    at_ms = report["length_ms"] if step["started_ms"] is None else step["started_ms"]
    case = _case(report, f"step {step['name']}", at_ms)
    if step["ok"]:
        ElementTree.SubElement(case, "skipped", message=_text(step["told"]))
        return case
    failure = ElementTree.SubElement(
        case, "failure", message=_text(step["told"] or step["outcome"])
    )
    failure.text = _text(f"{step['place']}: {step['action']} {step['outcome']}: {step['told']}")
    return case


def _broken(report: dict[str, Any]) -> ElementTree.Element:
    case = _case(report, "the run", report["length_ms"])
    ElementTree.SubElement(case, "error", message=_text(report["reason"]))
    return case


def _text(value: Any) -> str:
    """What XML 1.0 allows (2.2): control characters of a chat line would make it no XML."""
    return "".join(char if char.isprintable() or char in "\t\n" else "?" for char in str(value))
