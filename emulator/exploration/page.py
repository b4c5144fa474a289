"""The page of an exploration: first the findings, then the matrix of what was tried. Pure."""

import shlex
from html import escape
from typing import Any

from emulator.exploration.plan import as_yaml
from emulator.scenario.output import markup

_SIGNS = {"survived": "✓", "failed": "✗", "not reached": "·"}


def page(report: dict[str, Any]) -> str:
    """The whole HTML page, without scripts, fonts or external files."""
    findings, base = report["findings"], report["without_faults"]
    title = f"{len(findings)} {'finding' if len(findings) == 1 else 'findings'}"
    figures = (
        ("findings", f"{len(findings):,}"),
        ("runs", f"{report['runs']:,}"),
        ("passed without faults", f"{base['passed']} of {base['tried']}"),
        ("took", markup.time(report["duration_ms"] // 100 * 100)),
        ("seed", str(report["seed"])),
    )
    parts = [
        f"<h1>{title} {markup.badge(report['outcome'])}</h1>",
        f"<p><code>{escape(shlex.join(report['command']))}</code></p>",
        markup.facts(figures),
        *(f"<p>{escape(note)}</p>" for note in _notes(report)),
        '<div class="columns">',
        *(_finding(report, finding) for finding in findings),
        *map(_unsteady, report["unsteady"]),
        _matrix(report),
        "</div>",
    ]
    return markup.document(f"{title}: {shlex.join(report['command'])}", "\n".join(parts))


def _notes(report: dict[str, Any]) -> list[str]:
    notes = list(report["notes"])
    if report["is_stopped"]:
        notes.append("The search was stopped early; continue it with --resume.")
    return notes


def replay_line(report: dict[str, Any], path: str) -> str:
    """The shell command that runs the app's command with a finding's plan again."""
    command = shlex.join(report["command"])
    if report["is_own"]:
        return f"LIVE_EMULATOR_PLAN={shlex.quote(path)} {command}"
    return f"live-emulator exec --faults {shlex.quote(path)} -- {command}"


def _finding(report: dict[str, Any], finding: dict[str, Any]) -> str:
    number = finding["number"]
    steady = f"Fails {finding['failed']} of {finding['tried']} times; {finding['how']}."
    if not finding["is_shrunk"]:
        steady += " It was not shrunk: the search ended first."
    parts = [
        f'<section class="panel" id="finding-{number}">',
        f"<h2>{number}. {_code(finding['sentence'])}</h2><p>{escape(steady)}</p>",
        _lines("Replay it", [replay_line(report, finding["file"])]),
        _lines(f"The plan, {finding['file']}", as_yaml(finding["plan"], "").splitlines()),
        _lines("The last lines that it printed", finding["lines"]),
        _lines("The requests around it", finding["requests"]),
        _lines("Also found by", finding["sources"]),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _unsteady(entry: dict[str, Any]) -> str:
    often = f"Failed {entry['failed']} of {entry['tried']} times"
    text = f"{often}: too few for a finding, but worth a look."
    return (
        f'<section class="panel"><h2>Unsteady: {_code(entry["sentence"])}</h2>'
        f"<p>{escape(text)}</p>{_lines('The last lines that it printed', entry['lines'])}</section>"
    )


def _lines(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return f"<h3>{escape(title)}</h3><pre><code>{escape(chr(10).join(lines))}</code></pre>"


def _matrix(report: dict[str, Any]) -> str:
    columns = list(
        dict.fromkeys(cell["fault"] for row in report["matrix"] for cell in row["cells"])
    )
    rows = "".join(_row(entry, columns) for entry in report["matrix"])
    heads = (("Used", ""), *((name, "") for name in columns))
    combined = report["combinations"]
    texts = (f"{count:,} {word}" for word, count in combined.items() if count)
    return (
        f'<section class="panel"><h2>Results by operation and fault</h2>'
        f"<p>{', '.join(f'{sign} {word}' for word, sign in _SIGNS.items())}; an empty cell was "
        f"not tried. Combinations: {', '.join(texts) or 'none'}.</p>"
        f"{markup.table('Results by operation and fault', heads, [rows])}</section>"
    )


def _row(entry: dict[str, Any], columns: list[str]) -> str:
    by_fault = {cell["fault"]: cell for cell in entry["cells"]}
    cells = "".join(
        f"<td>{_cell(by_fault[name]) if name in by_fault else ''}</td>" for name in columns
    )
    return f'<tr><th scope="row"><code>{escape(entry["row"])}</code></th>{cells}</tr>'


def _cell(cell: dict[str, Any]) -> str:
    result, number = cell["result"], cell["finding"]
    sign = _SIGNS[result]
    if result == "failed" and number:
        label = f"failed: finding {number}"
        return f'<a class="badge bad" href="#finding-{number}" aria-label="{label}">{sign}</a>'
    label = f'<span role="img" aria-label="{result}" title="{result}">{sign}</span>'
    return f'<span class="badge bad">{label}</span>' if result == "failed" else label


def _code(text: str) -> str:
    """A text as HTML, in which parts between backquotes are code."""
    parts = escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
