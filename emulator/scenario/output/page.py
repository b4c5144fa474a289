"""The report as one page that needs nothing but itself: no script, no font, no request."""

import math
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from emulator.core.quantities import duration_text
from emulator.scenario.output.chart import chart
from emulator.scenario.output.document import failure_message

# The whole list stands in report.json; a page with more rows than this nobody reads.
_ROWS_MAX = 500
_KEY = (
    ("viewers", "viewers"),
    ("chat", "chat lines"),
    ("live", "live"),
    ("offline", "offline"),
    ("fault", "fault"),
    ("good", "expectation met"),
    ("bad", "expectation missed"),
)


def page(report: dict[str, Any]) -> str:
    """The whole page."""
    template = resources.files("emulator.scenario.output").joinpath("page.html").read_text("utf-8")
    is_bad = report["outcome"] in ("failed", "broken")
    reason = f'<p class="no">{escape(report["reason"])}</p>' if report["reason"] else ""
    return Template(template).substitute(
        title=escape(f"{report['scenario']}: {report['outcome']}"),
        name=escape(report["scenario"]),
        badge=" bad" if is_bad else "",
        outcome=escape(report["outcome"]),
        about=escape(report["about"]),
        reason=reason,
        facts=_facts(report),
        chart=chart(report),
        key="".join(
            f'<span><i style="background: var(--{colour})"></i>{told}</span>'
            for colour, told in _KEY
        ),
        expectations=_expectations(report),
        steps=_steps(report),
        notes=_notes(report),
        details=_details(report),
    )


def _facts(report: dict[str, Any]) -> str:
    expectations = report["expectations"]
    met = sum(each["met"] for each in expectations)
    told = {
        "expectations met": f"{met} of {len(expectations)}",
        "the evening": duration_text(report["length_ms"]),
        "took": f"{report['wall_ms'] / 1000:.1f} s",
        "viewers at most": f"{report['viewers_peak']:,}",
        "chat lines": f"{report['chat_posted']:,}",
        "events": f"{report['events']:,}",
    }
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in told.items()
    )


def _expectations(report: dict[str, Any]) -> str:
    if not report["expectations"]:
        return "<p>Nothing was expected.</p>"
    # What was missed stands first: that is what somebody opens this page for.
    ordered = sorted(report["expectations"], key=lambda each: bool(each["met"]))
    rows = [
        (
            _verdict(each["met"]),
            f"<code>{escape(each['fact'])}</code> {escape(each['wanted'])}",
            escape(each["seen"] if each["met"] else failure_message(each)),
            _time(each["at_ms"]),
            f"<code>{escape(each['place'])}</code>",
        )
        for each in ordered
    ]
    return _table(("", "fact", "seen", "at", "where"), rows)


def _steps(report: dict[str, Any]) -> str:
    """As they began; the report has them as they ended."""
    rows = [
        (
            "" if each["started_ms"] is None else _time(each["started_ms"]),
            _planned(each),
            escape(each["name"]),
            f"<code>{escape(each['action'])}</code>",
            _verdict(each["ok"], each["outcome"]) + f" {escape(each['told'])}",
        )
        for each in sorted(report["steps"], key=_order)
    ]
    return _table(("at", "planned", "step", "action", "outcome"), rows)


def _order(step: dict[str, Any]) -> float:
    """As they began; last those that never did."""
    return math.inf if step["started_ms"] is None else float(step["started_ms"])


def _planned(step: dict[str, Any]) -> str:
    return "" if step["planned_ms"] is None else _time(step["planned_ms"])


def _notes(report: dict[str, Any]) -> str:
    if not report["notes"]:
        return ""
    rows = [(_time(each["at_ms"]), escape(each["text"])) for each in report["notes"]]
    return "<h2>Log</h2>" + _table(("at", "what was said"), rows)


def _details(report: dict[str, Any]) -> str:
    told: dict[str, Any] = {
        "file": report["file"],
        "clock": report["clock"],
        "seed": report["seed"],
        "log_hash": report["log_hash"],
        **{f"parameter {name}": value for name, value in report["parameters"].items()},
        **{f"stream {name}": value for name, value in report["names"]["streams"].items()},
        **{f"steps late, {name}": f"{ms} ms" for name, ms in report["late_ms"].items()},
        **{f"count of {name}": value for name, value in report["counts"].items()},
    }
    if report["differs_each_time"]:
        told["differs each time"] = "; ".join(report["differs_each_time"])
    rows = [(escape(name), f"<code>{escape(str(value))}</code>") for name, value in told.items()]
    return _table(("", ""), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[:_ROWS_MAX]
    )
    more = len(rows) - _ROWS_MAX
    rest = f"<p>And {more} more, in report.json.</p>" if more > 0 else ""
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>{rest}'


def _verdict(is_good: bool, word: str = "") -> str:
    told = word or ("met" if is_good else "missed")
    return f'<span class="{"yes" if is_good else "no"}">{escape(told)}</span>'


def _time(at_ms: int) -> str:
    return escape(duration_text(at_ms) if at_ms >= 0 else f"-{duration_text(-at_ms)}")
