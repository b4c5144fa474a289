"""Timeline: the steps, events, notes and expectations of a run in one table, in order. Pure."""

from html import escape
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from emulator.scenario.output import markup
from emulator.scenario.output.document import failure_message
from emulator.scenario.output.source_text import SourceText

# A longer run shows everything around a miss, and then the first of the other rows.
ROWS_MAX = 1_500
_AROUND = 8
_REFUSALS = ("PublishRefused", "ChatHeld")


class Entry(Struct, frozen=True, kw_only=True):
    """One row of the table.

    `rank` sorts rows of one instant: steps, events, notes, expectations.
    """

    at_ms: int
    rank: int
    kind: str
    text: str
    name: str = ""
    anchor: str = ""
    place: str = ""


class Timeline:
    """The table of a report.

    `shown` are the expectations that the page lists, by their numbers in the report.
    """

    def __init__(self, report: dict[str, Any], shown: dict[int, Any]) -> None:
        entries = [
            *(_step(step) for step in report["steps"] if step["started_ms"] is not None),
            *(_event(moment) for moment in report["moments"]["shown"]),
            *(_note(note) for note in report["notes"]),
            *(_expectation(number, item) for number, item in shown.items()),
        ]
        entries.sort(key=lambda entry: (entry.at_ms, entry.rank))
        near = _near_misses(entries)
        entries = [
            replace(entry, name="near") if number in near and not entry.name else entry
            for number, entry in enumerate(entries)
        ]
        self._entries = _bounded(entries, near)
        self._left_out = len(entries) - len(self._entries)
        self._events_left_out = report["moments"]["left_out"]

    def html(self, source: SourceText) -> str:
        rows = [
            markup.row(
                (
                    (markup.time(entry.at_ms), "time"),
                    (escape(entry.kind), "kind"),
                    (entry.text, "what"),
                    (source.link(entry.place) if entry.place else "", "place"),
                ),
                name=entry.name,
                anchor=entry.anchor,
            )
            for entry in self._entries
        ]
        if not rows:
            return "<p>Nothing.</p>"
        heads = (("at", ""), ("kind", ""), ("what", ""), ("line", ""))
        return markup.table("What happened", heads, rows) + self._left_out_text()

    def _left_out_text(self) -> str:
        parts = []
        if self._left_out:
            parts.append(f"{self._left_out:,} more rows are in report.json.")
        if self._events_left_out:
            parts.append(
                f"{self._events_left_out:,} events of kinds that happened often are not listed:"
                " only the first of each kind, and those around a miss."
            )
        return f'<p class="more">{" ".join(parts)}</p>' if parts else ""


def is_refused(step: dict[str, Any]) -> bool:
    return step["outcome"] in ("refused", "not-refused")


def _step(step: dict[str, Any]) -> Entry:
    text = f"<b>{escape(step['name'])}</b> <code>{escape(step['action'])}</code>"
    if step["outcome"] != "done":
        text += f' <span class="{"yes" if step["ok"] else "no"}">{escape(step["outcome"])}</span>'
    if step["ended_ms"] > step["started_ms"]:
        text += f", until {markup.time(step['ended_ms'])}"
    if step["message"]:
        text += f": {escape(step['message'])}"
    missed = "" if step["ok"] else "missed"
    return Entry(
        at_ms=step["started_ms"],
        rank=0,
        kind="step",
        text=text,
        name=f"{missed} {'refused' if is_refused(step) else ''}".strip(),
        place=step["place"],
    )


def _event(moment: dict[str, Any]) -> Entry:
    times = f" &times; {moment['count']:,}" if moment["count"] > 1 else ""
    return Entry(
        at_ms=moment["at_ms"],
        rank=1,
        kind="event",
        text=f"<code>{escape(moment['kind'])}</code>{times} {escape(moment['text'])}",
        name="refused" if moment["kind"] in _REFUSALS else "",
    )


def _note(note: dict[str, Any]) -> Entry:
    return Entry(at_ms=note["at_ms"], rank=2, kind="log", text=escape(note["text"]))


def _expectation(number: int, item: dict[str, Any]) -> Entry:
    verdict = '<span class="yes">met</span>' if item["met"] else '<span class="no">missed</span>'
    text = f"{item['fact']} {item['wanted']}" if item["met"] else failure_message(item)
    link = markup.link(f"expectation-{number}", verdict)
    return Entry(
        at_ms=item["at_ms"],
        rank=3,
        kind="expected",
        text=f"{link} {escape(text)}",
        name="met" if item["met"] else "missed",
        anchor=f"around-{number}",
        place=item["place"],
    )


def _near_misses(entries: list[Entry]) -> set[int]:
    near: set[int] = set()
    for number, entry in enumerate(entries):
        if entry.anchor and entry.name == "missed":
            near.update(range(max(0, number - _AROUND), min(len(entries), number + _AROUND + 1)))
    return near


def _bounded(entries: list[Entry], near: set[int]) -> list[Entry]:
    """Return the rows around misses and those that links lead to, then the first of the others."""
    if len(entries) <= ROWS_MAX:
        return entries
    needed = near | {number for number, entry in enumerate(entries) if entry.anchor}
    others = [number for number in range(len(entries)) if number not in needed]
    rows = sorted([*needed, *others[: max(0, ROWS_MAX - len(needed))]])
    return [entries[number] for number in rows]
