"""Parts of the pages of reports, each of which is one file without scripts, fonts or requests."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib import resources
from string import Template

from emulator.core.quantities import duration_text


def document(title: str, content: str) -> str:
    """Return a whole page, with the common style sheet in it."""
    return Template(_file("page.html")).substitute(
        title=escape(title), style=_file("page.css"), content=content
    )


def table(label: str, heads: Sequence[tuple[str, str]], rows: Sequence[str]) -> str:
    """Return a table. Each head has its class.

    The table scrolls by itself, so it can be focused.
    """
    head = "".join(f'<th scope="col"{_class(name)}>{escape(text)}</th>' for text, name in heads)
    return (
        f'<div class="wide" role="region" aria-label="{escape(label)}" tabindex="0">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(cells: Sequence[tuple[str, str]], *, name: str = "", anchor: str = "") -> str:
    """Return a row of cells of HTML, each with its class."""
    place = f' id="{anchor}"' if anchor else ""
    inner = "".join(f"<td{_class(kind)}>{cell}</td>" for cell, kind in cells)
    return f"<tr{place}{_class(name)}>{inner}</tr>"


def choice(title: str, entries: Sequence[tuple[str, str, int | None]]) -> str:
    """Return radio buttons that filter the page, each from a name, a label and a count.

    The first is selected.
    """
    labels = "".join(
        f'<label><input type="radio" name="show" id="show-{name}"'
        f"{' checked' if number == 0 else ''}>{escape(text)}"
        f"{'' if count is None else f' {count}'}</label>"
        for number, (name, text, count) in enumerate(entries)
    )
    return f'<fieldset class="filter"><legend>{escape(title)}</legend>{labels}</fieldset>'


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    inner = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs
    )
    return f'<dl class="facts">{inner}</dl>'


def badge(outcome: str) -> str:
    kind = {"passed": "", "stopped": " plain"}.get(outcome, " bad")
    return f'<span class="badge{kind}">{escape(outcome)}</span>'


def link(anchor: str, text: str, label: str = "") -> str:
    """Return a link to another part of the page. `text` is HTML."""
    aria = f' aria-label="{escape(label)}"' if label else ""
    return f'<a href="#{anchor}"{aria}>{text}</a>'


def time(at_ms: int) -> str:
    return escape(duration_text(at_ms) if at_ms >= 0 else f"-{duration_text(-at_ms)}")


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


@cache
def _file(name: str) -> str:
    return resources.files("emulator.scenario.output").joinpath(name).read_text("utf-8")
