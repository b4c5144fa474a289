"""The run's chart as SVG: viewers, chat, states, faults, steps, expectations. Pure."""

from html import escape
from typing import Any

from emulator.core.quantities import duration_text

_WIDTH, _LEFT, _RIGHT = 960, 52, 12
_TOP, _VIEWERS, _CHAT, _BAND, _GAP = 22, 150, 60, 12, 10
_STREAM_VIEWERS, _STREAM_CHAT = 60, 24
_STREAMS_SHOWN = 12
_STEPS_SHOWN = 500
# The number of streams that have a line in their own colour in the chart of all viewers.
STREAMS_DRAWN = 6
# Intervals between labels of the time axis, which people can read, in milliseconds.
_ROUND_MS = [
    *(1_000 * n for n in (1, 2, 5, 10, 15, 30)),
    *(60_000 * n for n in (1, 2, 5, 10, 15, 30)),
    *(3_600_000 * n for n in (1, 2, 3, 6, 12, 24, 48, 168)),
]


def chart(report: dict[str, Any], shown: dict[int, Any]) -> str:
    """Return the chart as one `<svg>`, with texts of the scenario escaped.

    `shown` are the expectations that the page lists, by their numbers in the report.
    """
    return _Chart(report, shown).draw()


class _Chart:
    """Draws the chart.

    From the top, it has the viewers and the chat of all streams; if there are several streams, the
    same for each; a band of states for each stream; and the steps. Faults are drawn over all of it.
    """

    def __init__(self, report: dict[str, Any], shown: dict[int, Any]) -> None:
        self._report = report
        self._shown = shown
        self._length_ms = max(1, report["length_ms"])
        self._states: dict[str, list[dict[str, Any]]] = {}
        for span in report["chart"]["states"]:
            if span["name"] in self._states or len(self._states) < _STREAMS_SHOWN:
                self._states.setdefault(span["name"], []).append(span)
        self._chat_top = _TOP + _VIEWERS + _GAP
        streams = report["chart"]["streams"]
        # With only one stream, the charts of all streams are that stream's.
        self._streams = streams[:_STREAMS_SHOWN] if len(streams) > 1 else []
        self._streams_top = self._chat_top + _CHAT + _GAP
        self._row = 14 + _STREAM_VIEWERS + 4 + _STREAM_CHAT + _GAP
        self._bands_top = self._streams_top + len(self._streams) * self._row
        self._steps_top = self._bands_top + len(self._states) * (_BAND + 4) + _GAP
        self._height = self._steps_top + 44

    def draw(self) -> str:
        text = f"Viewers, chat and states of {self._report['scenario']}"
        parts = [
            f'<svg viewBox="0 0 {_WIDTH} {self._height}" role="group" aria-label="{escape(text)}">',
            *self._axis(),
            *self._faults(),
            *self._all_streams(),
            *self._each_stream(),
            *self._bands(),
            *self._steps(),
            *self._marks(),
            "</svg>",
        ]
        return "\n".join(parts)

    def _x(self, at_ms: float) -> float:
        share: float = min(1.0, max(0.0, at_ms / self._length_ms))
        return float(round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1))

    def _axis(self) -> list[str]:
        step_ms = next((n for n in _ROUND_MS if self._length_ms / n <= 9), _ROUND_MS[-1])
        step_ms = max(step_ms, self._length_ms // 20)
        shapes = []
        for at_ms in range(0, self._length_ms + 1, step_ms):
            x = self._x(at_ms)
            anchor = "end" if x > _WIDTH - 2 * _RIGHT else "middle"
            shapes.append(
                f'<line class="grid" x1="{x}" x2="{x}" y1="{_TOP}" y2="{self._steps_top + 12}"/>'
                f'<text x="{x}" y="{self._height - 4}" text-anchor="{anchor}">'
                f"{duration_text(at_ms)}</text>"
            )
        return shapes

    def _faults(self) -> list[str]:
        return [
            f'<rect class="fault" x="{self._x(span["from_ms"])}" y="{_TOP}"'
            f' width="{max(1.5, self._x(span["to_ms"]) - self._x(span["from_ms"])):.1f}"'
            f' height="{self._bands_top - _TOP}"><title>{escape(span["name"])}'
            f" {duration_text(max(0, span['from_ms']))} to"
            f" {duration_text(span['to_ms'])}</title></rect>"
            for span in self._report["chart"]["faults"]
        ]

    def _all_streams(self) -> list[str]:
        payload = self._report["chart"]
        most = max(payload["viewers"]["values"], default=0)
        return [
            *self._viewers(payload["viewers"], _TOP, _VIEWERS, "viewers"),
            *(
                f'<polyline class="one" style="stroke: var(--stream-{number})"'
                f' points="{" ".join(self._points(stream["viewers"], _TOP, _VIEWERS, most))}"/>'
                for number, stream in enumerate(self._streams[:STREAMS_DRAWN], 1)
            ),
            *self._chat(payload["chat"], self._chat_top, _CHAT),
        ]

    def _each_stream(self) -> list[str]:
        """Draw each stream's chart on its own scale, so that a raid is seen where it arrives."""
        shapes = []
        for row, stream in enumerate(self._streams):
            top = self._streams_top + row * self._row + 14
            chat_top = top + _STREAM_VIEWERS + 4
            label = f"{stream['name']}: viewers"
            shapes.append(f'<g class="stream" aria-label="{escape(str(stream["name"]))}">')
            shapes += self._viewers(stream["viewers"], top, _STREAM_VIEWERS, label)
            shapes += self._chat(stream["chat"], chat_top, _STREAM_CHAT)
            shapes.append("</g>")
        return shapes

    def _viewers(self, curve: dict[str, Any], top: int, height: int, label: str) -> list[str]:
        most = max(curve["values"], default=0)
        bottom = top + height
        points = self._points(curve, top, height, most)
        line = " ".join(points)
        end = f"{points[-1].split(',')[0]},{bottom}" if points else ""
        return [
            f'<polygon class="viewers" points="{_LEFT},{bottom} {line} {end}"/>',
            f'<polyline class="one" style="stroke: var(--viewers)" points="{line}"/>',
            f'<text x="{_LEFT - 6}" y="{top + 8}" text-anchor="end">{most:,.0f}</text>',
            f'<text x="{_LEFT}" y="{top - 4}">{escape(label)}, at most {most:,.0f}</text>',
        ]

    def _points(self, curve: dict[str, Any], top: int, height: int, most: float) -> list[str]:
        """Return a curve's corners, with `most` at the top. Its last value lasts until its end."""
        values, every_ms = curve["values"], curve["every_ms"]
        ys = [top + height - value / (most or 1) * (height - 8) for value in values]
        points = [f"{self._x(number * every_ms)},{y:.1f}" for number, y in enumerate(ys)]
        if points:
            end = self._x(min(self._length_ms, len(values) * every_ms))
            points.append(f"{end},{ys[-1]:.1f}")
        return points

    def _chat(self, curve: dict[str, Any], top: int, height: int) -> list[str]:
        values, every_ms = curve["values"], curve["every_ms"]
        most = max(values, default=0)
        if not most:
            return []
        bottom = top + height
        width = max(0.5, self._x(every_ms) - self._x(0) - 0.3)
        names = [
            f'<rect class="chat" x="{self._x(number * every_ms)}" width="{width:.1f}"'
            f' y="{bottom - value / most * height:.1f}" height="{value / most * height:.1f}"/>'
            for number, value in enumerate(values)
            if value
        ]
        rate = most * 1000 / every_ms
        names.append(f'<text x="{_LEFT - 6}" y="{top + 8}" text-anchor="end">{rate:,.3g}/s</text>')
        return names

    def _bands(self) -> list[str]:
        shapes = []
        for row, (name, spans) in enumerate(self._states.items()):
            y = self._bands_top + row * (_BAND + 4)
            label = escape(name if len(name) <= 9 else name[:8] + "…")
            shapes.append(
                f'<text x="{_LEFT - 6}" y="{y + 10}" text-anchor="end">{label}'
                f"<title>{escape(name)}</title></text>"
            )
            for span in spans:
                x = self._x(span["from_ms"])
                shapes.append(
                    f'<rect class="{escape(span["kind"])}" x="{x}" y="{y}" rx="2" height="{_BAND}"'
                    f' width="{max(1.0, self._x(span["to_ms"]) - x):.1f}">'
                    f"<title>{escape(name)}: {escape(span['kind'])}</title></rect>"
                )
        return shapes

    def _steps(self) -> list[str]:
        y = self._steps_top
        return [
            f'<line class="tick{"" if step["ok"] else " bad"}" x1="{self._x(step["started_ms"])}"'
            f' x2="{self._x(step["started_ms"])}" y1="{y}" y2="{y + 10}">'
            f"<title>{escape(step['name'])}: {escape(step['action'])}</title></line>"
            for step in self._report["steps"][:_STEPS_SHOWN]
            if step["started_ms"] is not None
        ]

    def _marks(self) -> list[str]:
        """Draw a mark that links to the row of each expectation.

        A link to a mark shows its instant as a line.
        """
        y = self._steps_top + 19
        shapes = []
        # Missed expectations are drawn last, above those met at the same instant.
        for number, expectation in reversed(self._shown.items()):
            x, is_met = self._x(expectation["at_ms"]), expectation["met"]
            text = f"{expectation['fact']} {expectation['wanted']}: {expectation['seen']}"
            # The shapes differ too, for readers who cannot tell red from green.
            begin = (
                f'circle cx="{x}" cy="{y}" r="4"' if is_met else f'path d="M{x} {y - 6}l6 11h-12z"'
            )
            shapes.append(
                f'<g id="mark-{number}" class="entry {"met" if is_met else "missed"}">'
                f'<line class="instant" x1="{x}" x2="{x}" y1="{_TOP}" y2="{y}"/>'
                # The table has the same links; a keyboard's user need not pass each of them twice.
                f'<a href="#expectation-{number}" tabindex="-1">'
                f'<{begin} class="mark {"good" if is_met else "bad"}">'
                f"<title>{escape(text)}</title></{begin.split()[0]}></a></g>"
            )
        return shapes
