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

# The whole list stands in report.json; a page with more rows than this is too long to read.
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
            f'<span><i style="background: var(--{colour})"></i>{text}</span>'
            for colour, text in _KEY
        ),
        expectations=_expectations(report),
        steps=_steps(report),
        notes=_notes(report),
        details=_details(report),
    )


def _facts(report: dict[str, Any]) -> str:
    expectations = report["expectations"]
    met = sum(expectation["met"] for expectation in expectations)
    payload = {
        "expectations met": f"{met} of {len(expectations)}",
        "length": duration_text(report["length_ms"]),
        "took": f"{report['wall_ms'] / 1000:.1f} s",
        "viewers at most": f"{report['viewers_peak']:,}",
        "chat lines": f"{report['chat_posted']:,}",
        "events": f"{report['events']:,}",
    }
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in payload.items()
    )


def _expectations(report: dict[str, Any]) -> str:
    if not report["expectations"]:
        return "<p>Nothing was expected.</p>"
    # What was missed stands first: that is what somebody opens this page for.
    ordered = sorted(report["expectations"], key=lambda item: bool(item["met"]))
    rows = [
        (
            _verdict(item["met"]),
            f"<code>{escape(item['fact'])}</code> {escape(item['wanted'])}",
            escape(item["seen"] if item["met"] else failure_message(item)),
            _time(item["at_ms"]),
            f"<code>{escape(item['place'])}</code>",
        )
        for item in ordered
    ]
    return _table(("", "fact", "seen", "at", "where"), rows)


def _steps(report: dict[str, Any]) -> str:
    """As they began; the report has them as they ended."""
    rows = [
        (
            "" if step["started_ms"] is None else _time(step["started_ms"]),
            _planned(step),
            escape(step["name"]),
            f"<code>{escape(step['action'])}</code>",
            _verdict(step["ok"], step["outcome"]) + f" {escape(step['told'])}",
        )
        for step in sorted(report["steps"], key=_order)
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
    rows = [(_time(note["at_ms"]), escape(note["text"])) for note in report["notes"]]
    return "<h2>Log</h2>" + _table(("at", "what was said"), rows)


def _details(report: dict[str, Any]) -> str:
    payload: dict[str, Any] = {
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
        payload["differs each time"] = "; ".join(report["differs_each_time"])
    rows = [(escape(name), f"<code>{escape(str(value))}</code>") for name, value in payload.items()]
    return _table(("", ""), rows)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[:_ROWS_MAX]
    )
    more = len(rows) - _ROWS_MAX
    rest = f"<p>And {more} more, in report.json.</p>" if more > 0 else ""
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>{rest}'


def _verdict(is_good: bool, word: str = "") -> str:
    text = word or ("met" if is_good else "missed")
    return f'<span class="{"yes" if is_good else "no"}">{escape(text)}</span>'


def _time(at_ms: int) -> str:
    return escape(duration_text(at_ms) if at_ms >= 0 else f"-{duration_text(-at_ms)}")
