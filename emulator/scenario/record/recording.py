"""Recording: what happened in a world since a point of its journal, as a scenario's files."""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from emulator.core.values import dataclass
from emulator.scenario.language.values.quantities import clock_text
from emulator.scenario.record.curve import ramps
from emulator.scenario.record.naming import Naming
from emulator.scenario.record.steps import Steps
from emulator.world.audience import figures
from emulator.world.live import streams
from emulator.world.store import events
from emulator.world.store.events import Journalled
from emulator.world.world import World

EVENTS_MAX = 200_000
_BATCH = 1_000
_ROUND_MS = 100
# What a replay is told to match: counts exactly, audiences and lengths about.
_LENGTH_GIVE = "2s"
_AUDIENCE_GIVE = 0.05


@dataclass(frozen=True, slots=True)
class Recorded:
    """`text` is the scenario; `files` are what it speaks of, by name; `exact` the event log."""

    text: str
    files: dict[str, str]
    exact: str
    events: int


def record(world: World, after: int, name: str, since_ms: int) -> Recorded:
    """Everything behind the journal's event `after`. Its times count from `since_ms`."""
    found = list(_events(world, after))
    naming = Naming(world)
    steps = Steps(world, naming)
    steps.take(found)
    files = {
        f"{name}-{stream}.txt": _script(lines, since_ms) for stream, lines in steps.lines.items()
    }
    timeline = _timeline(steps, name, since_ms, world.now_ms + 1)
    scenario: dict[str, Any] = {
        "scenario": name,
        "about": f"Recorded from what happened in the world {world.name}.",
        # To its end, where what was begun came to rest.
        "lasts": clock_text(_rounded(world.now_ms - since_ms)),
        "world": _world(steps),
    }
    text = "\n".join(
        [
            f"# Recorded by `live-emulator scenario record`: {len(found)} events.",
            *(_dumped({key: value}).rstrip() for key, value in scenario.items()),
            "timeline:",
            *(f"  - {_flow(step)}" for step in timeline),
            _dumped({"expect": _expected(world, steps)}).rstrip(),
        ]
    )
    return Recorded(text + "\n", files, "".join(_exact(found, since_ms)), len(found))


def _events(world: World, after: int) -> Iterator[Journalled]:
    count = 0
    while count < EVENTS_MAX:
        batch = events.read(world.store, after=after, count=_BATCH)
        yield from batch
        count += len(batch)
        if len(batch) < _BATCH:
            return
        after = batch[-1].seq


def _exact(found: list[Journalled], since_ms: int) -> Iterator[str]:
    """The run's own form of a log: canonical JSON, a line an event."""
    for number, event in enumerate(found, 1):
        values = json.dumps(event.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        yield (
            f'{{"at":{event.at_ms - since_ms},"kind":"{event.kind}","seq":{number},'
            f'"values":{values}}}\n'
        )


def _world(steps: Steps) -> dict[str, Any]:
    there = {name: s for name, s in steps.naming.streams.items() if name not in steps.created}
    shown = [
        {"name": name, "owner": steps.naming.owner(stream), "title": stream.title}
        for name, stream in there.items()
    ]
    people = [{"name": username} for username in sorted(steps.naming.users)]
    rules = steps.world.rules
    told = {
        # A person may have streamed more than once in an evening.
        "streams_per_user": 0,
        "reconnect_window": clock_text(rules.reconnect_window_ms),
        "vod_processing": clock_text(rules.vod_processing_ms),
    }
    return {"users": people, "streams": shown, "rules": told}


def _timeline(steps: Steps, name: str, since_ms: int, world_ms: int) -> list[dict[str, Any]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for at_ms, step in steps.found:
        found.append((_rounded(at_ms - since_ms), step))
    for stream in steps.lines:
        told = {"stream": stream, "file": f"{name}-{stream}.txt"}
        found.append((0, {"chat.script": told}))
    for stream, points in steps.points.items():
        # Whoever still watches when a stream ends leaves by that.
        end_ms = steps.ended.get(stream, world_ms)
        seen = [(at_ms - since_ms, count) for at_ms, count in points if at_ms < end_ms]
        for ramp in ramps(seen):
            found.append((_rounded(max(0, ramp.from_ms)), _audience(stream, ramp.for_ms, ramp.to)))
    live = {name for name in steps.points if name not in steps.published}
    for stream in sorted(live - steps.created):
        # It was live already, and nobody was seen to begin.
        found.append((0, {"publish.start": stream}))
    found.sort(key=lambda each: (each[0], _rank(each[1])))
    return [{"at": clock_text(at_ms), **step} for at_ms, step in found]


def _rank(step: dict[str, Any]) -> int:
    """Of one instant: streams are made, then published, then watched and talked in, then ended."""
    order = ("stream.create", "publish.start", "stream.start")
    action = next(iter(step))
    if action in order:
        return order.index(action)
    return 9 if action in ("publish.stop", "stream.end") else 5


def _audience(stream: str, for_ms: int, to: int) -> dict[str, Any]:
    if for_ms < _ROUND_MS:
        return {"viewers.set": {"stream": stream, "count": to}}
    return {"viewers.ramp": {"stream": stream, "to": to}, "for": clock_text(_rounded(for_ms))}


def _script(lines: list[tuple[int, str, str]], since_ms: int) -> str:
    return "".join(
        f"{clock_text(_rounded(at_ms - since_ms))} {author}: {' '.join(content.split())}\n"
        for at_ms, author, content in lines
    )


def _expected(world: World, steps: Steps) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, known in steps.naming.streams.items():
        stream = streams.find(world, known.id)
        found[f"stream.{name}.status"] = stream.status
        if stream.started_at_ms is not None and stream.status == "ended":
            length = clock_text(_rounded(figures.duration_ms(world, stream)))
            found[f"stream.{name}.duration"] = {"about": length, "give": _LENGTH_GIVE}
        if name in steps.lines:
            found[f"chat.{name}.lost"] = 0
            # Lines of one author may come closer together than they were said, by the rounding.
            count = len(steps.lines[name])
            found[f"chat.{name}.posted"] = {"about": count, "give": max(1, count // 20)}
        if name in steps.points:
            most = max(count for _, count in steps.points[name])
            give = max(1, round(most * _AUDIENCE_GIVE))
            fact = f"analytics.{name}.peak_concurrent_viewers"
            found[fact] = {"about": most, "give": give}
    return found


def _rounded(duration_ms: int) -> int:
    return max(0, round(duration_ms / _ROUND_MS) * _ROUND_MS)


def _dumped(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=96)


def _flow(step: dict[str, Any]) -> str:
    text = yaml.safe_dump(
        step, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10_000
    )
    return text.strip()
