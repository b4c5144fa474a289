"""The report as one page that needs no script, no font and no request.

Its parts link to each other: an expectation to its instant on the chart, to the events around it
and to its line of the scenario's text. A filter, made of the style sheet alone, shows only what was
missed.
"""

import math
import re
from html import escape
from typing import Any

from emulator.core.quantities import duration_text
from emulator.scenario.output import markup
from emulator.scenario.output.chart import STREAMS_DRAWN, chart
from emulator.scenario.output.document import failure_message
from emulator.scenario.output.source_text import SourceText
from emulator.scenario.output.timeline import Timeline, is_refused

# The whole list is in report.json; a page with more rows is too long to read.
ROWS_MAX = 500
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
    """Return the whole page."""
    # Missed expectations come first, so that they are shown even if there are too many to show all.
    order = sorted(enumerate(report["expectations"]), key=lambda item: bool(item[1]["met"]))
    shown = dict(order[:ROWS_MAX])
    source = SourceText(report, shown)
    timeline = Timeline(report, shown)
    parts = [
        _head(report),
        f'<figure class="panel">{_chart(report, shown)}</figure>',
        _filter(report),
        '<div class="columns"><div>',
        _section("Expectations", _expectations(report, shown, source), "missed", "refused"),
        _section("Steps", _steps(report, source), "missed", "refused"),
        _section("What happened", timeline.html(source), "missed", "refused"),
        _section("The run", _details(report)),
        "</div>",
        source.html(),
        "</div>",
    ]
    return markup.document(f"{report['scenario']}: {report['outcome']}", "\n".join(parts))


def _head(report: dict[str, Any]) -> str:
    expectations = report["expectations"]
    met = sum(expectation["met"] for expectation in expectations)
    reason = f'<p class="no">{escape(report["reason"])}</p>' if report["reason"] else ""
    figures = (
        ("expectations met", f"{met} of {len(expectations)}"),
        ("length", duration_text(report["length_ms"])),
        ("took", f"{report['wall_ms'] / 1000:.1f} s"),
        ("viewers at most", f"{report['viewers_peak']:,}"),
        ("chat lines", f"{report['chat_posted']:,}"),
        ("events", f"{report['events']:,}"),
    )
    return (
        f"<h1>{escape(report['scenario'])} {markup.badge(report['outcome'])}</h1>"
        f"<p>{escape(report['about'])}</p>{reason}{markup.facts(figures)}"
    )


def _chart(report: dict[str, Any], shown: dict[int, Any]) -> str:
    streams = [stream["name"] for stream in report["chart"]["streams"]]
    own = streams[:STREAMS_DRAWN] if len(streams) > 1 else []
    keys = [*_KEY, *((f"stream-{number}", name) for number, name in enumerate(own, 1))]
    entries = "".join(
        f'<span><i style="background: var(--{colour})"></i>{escape(text)}</span>'
        for colour, text in keys
    )
    label = "Chart of the run, which scrolls"
    return (
        f'<div class="wide" role="region" aria-label="{label}" tabindex="0">'
        f'{chart(report, shown)}</div><div class="key">{entries}</div>'
    )


def _filter(report: dict[str, Any]) -> str:
    missed = sum(not item["met"] for item in report["expectations"])
    refused = sum(is_refused(step) for step in report["steps"])
    entries = (("all", "Everything", None), ("missed", "Missed", missed))
    return markup.choice("Show", (*entries, ("refused", "Refused", refused)))


def _section(title: str, content: str, *filters: str) -> str:
    """Return a section. `filters` are the filters that may hide everything in it."""
    none = "".join(
        f'<p class="none {kind}">Nothing here was {kind}.</p>'
        for kind in filters
        if not re.search(rf'<tr[^>]*class="[^"]*{kind}', content)
    )
    return f'<section class="panel"><h2>{title}</h2>{content}{none}</section>'


def _expectations(report: dict[str, Any], shown: dict[int, Any], source: SourceText) -> str:
    if not shown:
        return "<p>Nothing was expected.</p>"
    rows = [
        markup.row(
            (
                (_verdict(item["met"]), ""),
                (f"<code>{escape(item['fact'])}</code> {escape(item['wanted'])}", ""),
                (escape(item["seen"] if item["met"] else failure_message(item)), "what"),
                (_instant(number, item), "time"),
                (markup.link(f"around-{number}", "events"), ""),
                (source.link(item["place"]), "place"),
            ),
            name="met" if item["met"] else "missed",
            anchor=f"expectation-{number}",
        )
        for number, item in shown.items()
    ]
    heads = [(text, "") for text in ("outcome", "fact", "seen", "at", "around it", "line")]
    more = _more(len(report["expectations"]) - len(rows))
    return markup.table("Expectations", heads, rows) + more


def _instant(number: int, item: dict[str, Any]) -> str:
    at = markup.time(item["at_ms"])
    return markup.link(f"mark-{number}", at, f"{at}, on the chart")


def _steps(report: dict[str, Any], source: SourceText) -> str:
    """Return the table of steps in the order of their starts; the report has that of their ends."""
    steps = sorted(report["steps"], key=_order)
    rows = [
        markup.row(
            (
                (
                    "" if step["started_ms"] is None else markup.time(step["started_ms"]),
                    "time",
                ),
                ("" if step["planned_ms"] is None else markup.time(step["planned_ms"]), "unneeded"),
                (escape(step["name"]), ""),
                (f"<code>{escape(step['action'])}</code>", "unneeded"),
                (f"{_verdict(step['ok'], step['outcome'])} {escape(step['message'])}", ""),
                (source.link(step["place"]), "place"),
            ),
            name=_step_class(step),
        )
        for step in steps[:ROWS_MAX]
    ]
    heads = [
        (text, "unneeded" if text in ("planned", "action") else "")
        for text in ("at", "planned", "step", "action", "outcome", "line")
    ]
    return markup.table("Steps", heads, rows) + _more(len(steps) - len(rows))


def _step_class(step: dict[str, Any]) -> str:
    missed = "" if step["ok"] else "missed"
    return f"{missed} {'refused' if is_refused(step) else ''}".strip()


def _order(step: dict[str, Any]) -> float:
    """Return the sort key of a step: when it began; steps that never began come last."""
    return math.inf if step["started_ms"] is None else float(step["started_ms"])


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
    rows = [
        markup.row(((escape(name), ""), (f"<code>{escape(str(value))}</code>", "")), name="always")
        for name, value in payload.items()
    ]
    return markup.table("The run", (("what", ""), ("value", "")), rows)


def _more(count: int) -> str:
    return f'<p class="more">And {count} more, in report.json.</p>' if count > 0 else ""


def _verdict(is_good: bool, word: str = "") -> str:
    text = word or ("met" if is_good else "missed")
    return f'<span class="{"yes" if is_good else "no"}">{escape(text)}</span>'
