"""The report of a sweep as one HTML page without external files. Pure."""

from html import escape
from typing import Any

from emulator.core.quantities import duration_text
from emulator.scenario.output import markup
from emulator.scenario.output.source_text import SourceText
from emulator.sweep.document import shown

_WIDTH, _HEIGHT = 144, 32
_END = "end time"


def page(report: dict[str, Any], full_report: str = "") -> str:
    """The whole page. `full_report` is the relative path of the first failing run's own page."""
    missed = sum(bool(item["missed"]) for item in report["expectations"])
    choices = (("all", "Everything", None), ("missed", "Missed", missed))
    source = SourceText(report, _judged(report))
    parts = [
        _head(report),
        _first_failure(report, full_report),
        markup.choice("Show", choices),
        '<div class="columns"><div>',
        _section("Expectations", _expectations(report, source)),
        _section("Steps that went wrong", _steps(report, source)) if report["steps"] else "",
        *(
            _section(f"Runs by {item['name']} ({item['text']})", _range(item))
            for item in report["ranges"]
        ),
        _section("Figures", _figures(report)),
        _section("Runs that failed", _failures(report)),
        "</div>",
        source.html(),
        "</div>",
    ]
    title = f"{report['scenario']}: {report['runs']} runs"
    return markup.document(f"{title}: {report['outcome']}", "\n".join(parts))


def _judged(report: dict[str, Any]) -> dict[int, Any]:
    """The expectations as in a run's report; each is met if all runs met it."""
    return {
        number: {"place": item["place"], "met": not item["missed"]}
        for number, item in enumerate(report["expectations"])
    }


def _head(report: dict[str, Any]) -> str:
    reason = f'<p class="no">{escape(report["reason"])}</p>' if report["reason"] else ""
    times = report["times"]
    figures = (
        ("runs", f"{report['runs']:,} of {report['planned']:,}"),
        ("failed", f"{report['failed']:,}"),
        ("seeds", report["seeds"]),
        ("took", duration_text(times["wall_ms"] // 100 * 100)),
        ("at once", f"{times['workers']:,}"),
        ("runs_hash", report["runs_hash"][:12]),
        *((name, str(value)) for name, value in report["parameters"].items()),
    )
    return (
        f"<h1>{escape(report['scenario'])} {markup.badge(report['outcome'])}</h1>"
        f"<p>{escape(report['about'])}</p>{reason}{markup.facts(figures)}"
    )


def _first_failure(report: dict[str, Any], full_report: str) -> str:
    failure = report["first_failure"]
    if failure is None:
        return ""
    problems = "".join(f"<li>{escape(text)}</li>" for text in failure["problems"])
    link = f' <a href="{escape(full_report)}">Its report</a>' if full_report else ""
    return (
        '<section class="panel"><h2>First run that failed</h2>'
        f"<p>Seed {failure['seed']}.{link}</p><ul>{problems}</ul>"
        f"<p>Replay it: <code>{escape(failure['command'])}</code></p>"
        f"{_smaller(report)}</section>"
    )


def _smaller(report: dict[str, Any]) -> str:
    smaller = report.get("smaller")
    if smaller is None:
        return ""
    link = f'<a href="{escape(smaller["file"])}">{escape(smaller["file"])}</a>'
    count = f"{smaller['entries']} of {smaller['entries_before']} entries"
    return f"<p>The smallest scenario that still fails has {count}: {link}</p>"


def _section(title: str, content: str) -> str:
    return f'<section class="panel"><h2>{escape(title)}</h2>{content}</section>'


def _expectations(report: dict[str, Any], source: SourceText) -> str:
    if not report["expectations"]:
        return "<p>The scenario has no expectations.</p>"
    rows = [
        _expectation(number, item, source) for number, item in enumerate(report["expectations"])
    ]
    heads = (
        ("held in", "end"),
        ("expectation", ""),
        ("first missed", ""),
        ("what was seen", ""),
        ("line", ""),
    )
    return markup.table("Expectations", heads, rows)


def _expectation(number: int, item: dict[str, Any], source: SourceText) -> str:
    share = item["met"] / item["runs"] * 100
    kind = "no" if item["missed"] else "yes"
    # Never rounded up to a whole hundred: one miss in a million is one.
    text = f"{share:.0f}%" if share in (0, 100) else f"{min(share, 99.9):.1f}%"
    held = (
        f'<span class="{kind}">{text}</span><br><small>{item["met"]:,} of {item["runs"]:,}</small>'
    )
    wanted = item["wanted"] + (" and others" if item["wanted_varies"] else "")
    first = item["first_missed"]
    missed = "" if first is None else f"seed {first['seed']}: {escape(first['message'])}"
    cells = (
        (held, _END),
        (f"<code>{escape(item['fact'])}</code> {escape(wanted)}", "what"),
        (missed, ""),
        (_seen(item["seen"]), ""),
        (source.link(item["place"]), "place"),
    )
    return markup.row(cells, name="missed" if first else "", anchor=f"expectation-{number}")


def _seen(seen: dict[str, Any]) -> str:
    texts = [f"{escape(item['text'])} ({item['runs']:,})" for item in seen["texts"]]
    return "<br>".join([*([_spread(seen)] if seen["count"] else []), *texts])


def _spread(values: dict[str, Any]) -> str:
    low, high = (shown(values[name], values["unit"]) for name in ("min", "max"))
    if low == high:
        return f"always {escape(low)}"
    text = f"{low} to {high}, median {shown(values['median'], values['unit'])}"
    return f"{_bars(values)}<small>{escape(text)}</small>"


def _bars(values: dict[str, Any]) -> str:
    """A histogram, with its counts as its text for screen readers."""
    bins = values["histogram"]
    counts = bins["counts"]
    most, width = max(counts), _WIDTH / len(counts)
    rects = []
    for number, count in enumerate(counts):
        height = count / most * _HEIGHT
        low = shown(bins["from"] + number * bins["width"], values["unit"])
        rects.append(
            f'<rect x="{number * width:.1f}" width="{width - 1:.1f}" y="{_HEIGHT - height:.1f}"'
            f' height="{height:.1f}" style="fill: var(--viewers)">'
            f"<title>from {escape(low)}: {count:,}</title></rect>"
        )
    start, step = (shown(bins[name], values["unit"]) for name in ("from", "width"))
    label = f"Histogram from {start}, bins of {step}: {', '.join(map(str, counts))}"
    return (
        f'<svg class="sparkline" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' aria-label="{escape(label)}" preserveAspectRatio="none">{"".join(rects)}</svg>'
    )


def _steps(report: dict[str, Any], source: SourceText) -> str:
    rows = [
        markup.row(
            (
                (f"{item['runs']:,}", _END),
                (f"{escape(item['name'])} {escape(item['outcome'])}", ""),
                (f"seed {item['first_seed']}: {escape(item['message'])}", "what"),
                (source.link(item["place"]), "place"),
            ),
            name="missed",
        )
        for item in report["steps"]
    ]
    return markup.table("Steps", (("runs", "end"), ("step", ""), ("first", ""), ("line", "")), rows)


def _range(item: dict[str, Any]) -> str:
    rows = []
    for number, (count, failed) in enumerate(zip(item["counts"], item["failed"], strict=True)):
        low = item["from"] + number * item["width"]
        ends = [shown(end, item["unit"]) for end in (low, low + item["width"])]
        share = f"{failed / count * 100:.0f}%" if count else ""
        kind = "no" if failed else "yes"
        cells = (
            (escape(f"{ends[0]} to {ends[1]}"), "time"),
            (f"{count:,}", _END),
            (f"{failed:,}", _END),
            (f'<span class="{kind}">{share}</span>', _END),
        )
        rows.append(markup.row(cells, name="missed" if failed else ""))
    heads = ((item["name"], ""), ("runs", "end"), ("failed", "end"), ("share", "end"))
    return markup.table(f"Runs by {item['name']}", heads, rows)


def _figures(report: dict[str, Any]) -> str:
    heads = (
        ("figure", ""),
        ("spread", ""),
        ("least", "end"),
        ("median", "end"),
        ("most", "end"),
        ("mean", "end unneeded"),
    )
    rows = []
    for item in report["figures"]:
        low, middle, high, mean = (
            escape(shown(item[name], item["unit"])) for name in ("min", "median", "max", "mean")
        )
        is_flat = item["min"] == item["max"]
        cells = (
            (f"<code>{escape(item['name'])}</code>", ""),
            ("always the same" if is_flat else _bars(item), ""),
            (low, _END),
            (middle, _END),
            (high, _END),
            (mean, f"{_END} unneeded"),
        )
        rows.append(markup.row(cells, name="always"))
    return markup.table("Figures", heads, rows)


def _failures(report: dict[str, Any]) -> str:
    if not report["failures"]:
        return "<p>No run failed.</p>"
    rows = [
        markup.row(
            (
                (str(item["seed"]), _END),
                (markup.badge(item["outcome"]), ""),
                ("<br>".join(map(escape, item["problems"])), "what"),
                (f"<code>{escape(item['command'])}</code>", ""),
            ),
            name="missed",
        )
        for item in report["failures"]
    ]
    more = report["failed"] - len(rows)
    heads = (("seed", "end"), ("outcome", ""), ("what went wrong", ""), ("replay", ""))
    text = f"<p>And {more:,} more.</p>" if more > 0 else ""
    return markup.table("Runs that failed", heads, rows) + text
