"""The scenario's text next to its report, with line numbers and the outcome of each line."""

from html import escape
from typing import Any

from emulator.scenario.output import markup


class SourceText:
    """The texts of a report's scenario as HTML.

    `shown` are the expectations that the page lists, by their numbers in the report.
    """

    def __init__(self, report: dict[str, Any], shown: dict[int, Any]) -> None:
        self._texts: dict[str, list[str]] = {
            name: text.split("\n") for name, text in report.get("sources", {}).items()
        }
        self._files = {name: number for number, name in enumerate(self._texts, 1)}
        self._judged: dict[str, list[tuple[int, bool]]] = {}
        for number, item in sorted(shown.items()):
            self._judged.setdefault(item["place"], []).append((number, bool(item["met"])))

    def link(self, place: str) -> str:
        """Return a place such as `launch.yaml:12`, as a link if its text is in the page."""
        file, _, line = place.rpartition(":")
        lines = self._texts.get(file)
        if lines is None or not line.isdigit() or not 0 < int(line) <= len(lines):
            return f"<code>{escape(place)}</code>"
        text = line if len(self._texts) == 1 else place
        label = f"{text}, line of the scenario"
        return markup.link(self._anchor(file, int(line)), escape(text), label)

    def html(self) -> str:
        """Return all texts; empty where the report has none."""
        if not self._texts:
            return ""
        parts = [
            f'<h2>{escape(file)}</h2><ol class="lines">{self._lines(file)}</ol>'
            for file in self._texts
        ]
        label = "The scenario's text"
        return (
            f'<section class="panel source" aria-label="{label}" tabindex="0">'
            f"{''.join(parts)}</section>"
        )

    def _lines(self, file: str) -> str:
        lines = self._texts[file]
        if lines and not lines[-1]:
            lines = lines[:-1]
        return "".join(self._line(file, number, text) for number, text in enumerate(lines, 1))

    def _line(self, file: str, number: int, text: str) -> str:
        judged = self._judged.get(f"{file}:{number}", [])
        kind = ""
        if judged:
            kind = ' class="good"' if all(met for _, met in judged) else ' class="bad"'
        links = "".join(
            markup.link(
                f"expectation-{item}",
                "met" if met else "missed",
                f"Line {number}: {'met' if met else 'missed'}",
            )
            # A repeated step is judged each time: its first miss is linked, or else its first time.
            for item, met in sorted(judged, key=lambda pair: pair[1])[:1]
        )
        return (
            f'<li id="{self._anchor(file, number)}"{kind}><code>{escape(text)}</code>{links}</li>'
        )

    def _anchor(self, file: str, line: int) -> str:
        return f"line-{self._files[file]}-{line}"
