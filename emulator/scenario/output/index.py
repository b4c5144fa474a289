"""One page of several runs, with a link to the report of each. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Any

from emulator.scenario.output import markup

_WIDTH, _HEIGHT = 144, 32


def index(runs: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Return the page of `runs`: for each, the address of its report from here, and the report."""
    reports = [report for _, report in runs]
    bad = [report for report in reports if not is_fine(report)]
    expectations = [item for report in reports for item in report["expectations"]]
    met = sum(item["met"] for item in expectations)
    figures = (
        ("runs", f"{len(reports):,}"),
        ("failed", f"{len(bad):,}"),
        ("expectations met", f"{met:,} of {len(expectations):,}"),
        ("took", f"{sum(report['wall_ms'] for report in reports) / 1000:.1f} s"),
    )
    choices = (("all", "Every run", None), ("missed", "Failed", len(bad)))
    outcome = "failed" if bad else "passed"
    title = f"{len(reports)} runs"
    parts = [
        f"<h1>{title} {markup.badge(outcome)}</h1>{markup.facts(figures)}",
        markup.choice("Show", choices),
        '<section class="panel">',
        markup.table("Runs", _HEADS, [_row(address, report) for address, report in runs]),
        "" if bad else '<p class="none missed">No run failed.</p>',
        "</section>",
    ]
    return markup.document(f"{title}: {outcome}", "\n".join(parts))


def is_fine(report: dict[str, Any]) -> bool:
    return report["outcome"] in ("passed", "stopped")


_HEADS = (
    ("scenario", ""),
    ("outcome", ""),
    ("viewers", "unneeded"),
    ("expectations met", "end"),
    ("length", "end"),
    ("viewers at most", "end unneeded"),
    ("chat lines", "end unneeded"),
    ("seed", "end unneeded"),
    ("log_hash", "unneeded"),
)


def _row(address: str, report: dict[str, Any]) -> str:
    expectations = report["expectations"]
    met = sum(item["met"] for item in expectations)
    parameters = ", ".join(f"{name}={value}" for name, value in report["parameters"].items())
    name = f'<a href="{escape(address)}">{escape(report["scenario"])}</a>'
    cells = (
        (f"{name}<br><small>{escape(parameters)}</small>" if parameters else name, ""),
        (markup.badge(report["outcome"]), ""),
        (_sparkline(report), "unneeded"),
        (f"{met} of {len(expectations)}", "end"),
        (markup.time(report["length_ms"]), "end time"),
        (f"{report['viewers_peak']:,}", "end unneeded"),
        (f"{report['chat_posted']:,}", "end unneeded"),
        (str(report["seed"]), "end unneeded"),
        (f"<code>{escape(report['log_hash'][:12])}</code>", "unneeded"),
    )
    return markup.row(cells, name="" if is_fine(report) else "missed")


def _sparkline(report: dict[str, Any]) -> str:
    """Draw the curve of viewers as a small line without a scale."""
    curve = report["chart"]["viewers"]
    values, every_ms = curve["values"], curve["every_ms"]
    most, length_ms = max(values, default=0) or 1, max(1, report["length_ms"])
    points = " ".join(
        f"{min(1, number * every_ms / length_ms) * _WIDTH:.1f},"
        f"{_HEIGHT - 1 - value / most * (_HEIGHT - 3):.1f}"
        for number, value in enumerate(values)
    )
    return (
        f'<svg class="sparkline" viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">'
        f'<polyline class="one" style="stroke: var(--viewers)" points="{points}"/></svg>'
    )
