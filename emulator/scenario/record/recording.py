"""Recording: the events of a world since a point of its journal, as the files of a scenario."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from msgspec import Struct

from emulator.core.quantities import duration_text
from emulator.scenario.record import rooms
from emulator.scenario.record.curve import ramps
from emulator.scenario.record.naming import Naming
from emulator.scenario.record.steps import AUDIENCE, ROUND_MS, RecordedSteps, rounded
from emulator.world.audience import figures
from emulator.world.library import recordings
from emulator.world.live import streams
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.store import events
from emulator.world.store.events import JournalEvent
from emulator.world.world import World

EVENTS_MAX = 200_000
_BATCH = 1_000
# A text file of a scenario has at most 1 MiB.
_SCRIPT_BYTES_MAX = 900_000
_LOOK_BACK = 1_000
# A replay must match counts exactly, but audiences and lengths only within these bounds.
_LENGTH_GIVE = "2s"
_AUDIENCE_GIVE = 0.05


class Recorded(Struct, frozen=True):
    """The files of a recording.

    `text` is the scenario; `files` are the texts that it refers to, by name; `exact` is the event
    log.
    """

    text: str
    files: dict[str, str]
    exact: str
    events: int


def record(world: World, after: int, name: str, since_ms: int) -> Recorded:
    """Record everything after the journal's event `after`. Its times count from `since_ms`."""
    events = list(_events(world, after))
    naming = Naming(world)
    steps = RecordedSteps(world, naming, since_ms)
    steps.take(events)
    _look_back(steps, after, since_ms)
    scripts = {
        stream: dict(_scripts(lines, f"{name}-{stream}")) for stream, lines in steps.lines.items()
    }
    timeline = _timeline(steps, after, scripts, since_ms)
    scenario: dict[str, Any] = {
        "scenario": name,
        "about": f"Recorded from what happened in the world {world.name}.",
        # It lasts to the end of the recording, when everything that had begun has finished.
        "lasts": duration_text(rounded(world.now_ms - since_ms)),
        "world": _world(steps, after),
    }
    more = f" Only the first {EVENTS_MAX} of them." if len(events) >= EVENTS_MAX else ""
    text = "\n".join(
        [
            f"# Recorded by `live-emulator scenario record`: {len(events)} events.{more}",
            *(_dumped({key: value}).rstrip() for key, value in scenario.items()),
            "timeline:",
            *(f"  - {_flow(step)}" for step in timeline),
            _dumped({"expect": _expected(world, steps)}).rstrip(),
        ]
    )
    files = {file: script for item in scripts.values() for file, script in item.items()}
    return Recorded(text + "\n", files, "".join(_exact(events, since_ms)), len(events))


def _events(world: World, after: int) -> Iterator[JournalEvent]:
    count = 0
    while count < EVENTS_MAX:
        batch = events.read(world.store, after=after, count=min(_BATCH, EVENTS_MAX - count))
        yield from batch
        count += len(batch)
        if len(batch) < _BATCH:
            return
        after = batch[-1].seq


def _exact(events: list[JournalEvent], since_ms: int) -> Iterator[str]:
    """Yield the lines of the event log as a run writes them: an event each, in canonical JSON."""
    for number, event in enumerate(events, 1):
        values = json.dumps(event.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        yield (
            f'{{"at":{event.at_ms - since_ms},"kind":"{event.kind}","seq":{number},'
            f'"values":{values}}}\n'
        )


def _look_back(steps: RecordedSteps, after: int, since_ms: int) -> None:
    """Add the viewers who were there when the recording began."""
    for name, stream in steps.naming.streams.items():
        if name not in steps.created and (count := _watching(steps.world, stream.id, after)):
            steps.points[name] = [(since_ms, count), *steps.points.get(name, ())]
            steps.raided[name] = [
                (number + 1, at_ms, until_ms)
                for number, at_ms, until_ms in steps.raided.get(name, ())
            ]


def _watching(world: World, stream_id: str, seq: int) -> int:
    """Return how many watched at a point of the journal, as far as the events before show."""
    last, count = 0, 0
    for kind in sorted(AUDIENCE):
        for row in world.store.rows(
            "SELECT seq, body FROM events WHERE kind = ? AND seq <= ? ORDER BY seq DESC LIMIT ?",
            kind,
            seq,
            _LOOK_BACK,
        ):
            values = json.loads(row["body"])
            if row["seq"] > last and values["stream_id"] == stream_id:
                last, count = row["seq"], values["viewers"]
    return count


def _world(steps: RecordedSteps, after: int) -> dict[str, Any]:
    there = {name: s for name, s in steps.naming.streams.items() if name not in steps.created}
    shown = [
        {"name": name, "owner": steps.naming.owner(stream), "title": stream.title}
        for name, stream in there.items()
    ]
    rules = steps.world.rules
    payload = {
        # A user may have streamed more than once in a run.
        "streams_per_user": 0,
        # Times are rounded, so lines may come a little faster than they did.
        "chat_lines_per_minute": 0,
        "chat_repeats_max": rules.chat_repeats_max,
        "reconnect_window": duration_text(rules.reconnect_window_ms),
        "vod_processing": duration_text(rules.vod_processing_ms),
    }
    return {"users": _people(steps, after), "streams": shown, "rules": payload}


def _people(steps: RecordedSteps, after: int) -> list[dict[str, Any]]:
    """Return the users of the recording, with those of them that each followed before."""
    world, names = steps.world, sorted(steps.naming.users)
    since = {
        (event.values["follower_id"], event.values["followed_id"])
        for event in events.read(world.store, after=after, count=EVENTS_MAX, kind="UserFollowed")
    }
    rows = {accounts.by_username(world, name).pk: name for name in names}
    ids = {row: accounts.by_pk(world, row).id for row in rows}
    people = []
    for row, name in rows.items():
        followed = [
            rows[follow["followed_row"]]
            for follow in world.store.rows(
                "SELECT followed_row FROM follows WHERE follower_row = ? ORDER BY followed_row", row
            )
            if follow["followed_row"] in rows
            and (ids[row], ids[follow["followed_row"]]) not in since
        ]
        people.append({"name": name, **({"follows": followed} if followed else {})})
    return people


def _timeline(
    steps: RecordedSteps, after: int, scripts: dict[str, dict[str, str]], since_ms: int
) -> list[dict[str, Any]]:
    timeline: list[tuple[int, dict[str, Any]]] = []
    for stream, known in steps.naming.streams.items():
        timeline += [(0, step) for step in rooms.before(steps.world, stream, known, after)]
    timeline += steps.timeline
    for stream, files in scripts.items():
        timeline += [(0, {"chat.script": {"stream": stream, "file": file}}) for file in files]
    for stream, points in steps.points.items():
        for at_ms, step in _audience(stream, points, steps.raided.get(stream, [])):
            timeline.append((rounded(max(0, at_ms - since_ms)), step))
    live = {name for name in steps.points if name not in steps.published}
    for stream in sorted(live - steps.created):
        # It was live before the recording, which has no event of a publisher joining.
        timeline.append((0, {"publish.start": stream}))
    timeline.sort(key=lambda entry: (entry[0], _rank(entry[1])))
    return [{"at": duration_text(at_ms), **step} for at_ms, step in timeline]


def _rank(step: dict[str, Any]) -> int:
    """Return the order of a step among those of one instant.

    Streams are created first, then published, then watched and chatted in, then ended. A raid comes
    after the arrival of the viewers that it moves, and before other viewers that come then.
    """
    action = next(iter(step))
    return _RANKS.get(action, 6)


_RANKS = {
    "stream.create": 0,
    "publish.start": 1,
    "stream.start": 2,
    "viewers.set": 4,
    "viewers.raid": 5,
    "publish.stop": 9,
    "stream.end": 9,
}


def _audience(
    stream: str, points: list[tuple[int, int]], raids: list[tuple[int, int, int]]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the steps of an audience as ramps, without the viewers that a raid moves."""
    begin = 0
    for count, raid_ms, until_ms in raids:
        before = points[begin:count]
        yield from _ramps(stream, before, is_left_behind=begin > 0)
        if before:
            # The exact number, because the ramps before are only approximate.
            yield raid_ms, _watched(stream, 0, before[-1][1])
        begin = max(begin, count)
        while begin < len(points) and points[begin][0] < until_ms:
            begin += 1
    yield from _ramps(stream, points[begin:], is_left_behind=bool(raids))


def _ramps(
    stream: str, points: list[tuple[int, int]], *, is_left_behind: bool
) -> Iterator[tuple[int, dict[str, Any]]]:
    for ramp in ramps(points):
        # The number of viewers after a raid is corrected once the raid is over.
        is_first = ramp.from_ms == points[0][0]
        after_ms = ROUND_MS if is_left_behind and is_first else 0
        yield ramp.from_ms + after_ms, _watched(stream, ramp.for_ms, ramp.to)


def _watched(stream: str, for_ms: int, to: int) -> dict[str, Any]:
    if for_ms < ROUND_MS:
        return {"viewers.set": {"stream": stream, "count": to}}
    return {"viewers.ramp": {"stream": stream, "to": to}, "for": duration_text(rounded(for_ms))}


def _scripts(lines: list[tuple[int, str, str]], name: str) -> Iterator[tuple[str, str]]:
    """Yield the names and texts of the script files, as many as the lines need."""
    number, size = 1, 0
    names: list[str] = []
    for at_ms, author, content in lines:
        line = f"{duration_text(at_ms)} {author}: {' '.join(content.split())}\n"
        if size + len(line.encode()) > _SCRIPT_BYTES_MAX:
            yield _script_name(name, number), "".join(names)
            number, names, size = number + 1, [], 0
        names.append(line)
        size += len(line.encode())
    yield _script_name(name, number), "".join(names)


def _script_name(name: str, number: int) -> str:
    return f"{name}.txt" if number == 1 else f"{name}-{number}.txt"


def _expected(world: World, steps: RecordedSteps) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, known in steps.naming.streams.items():
        stream = streams.find(world, known.id)
        values[f"stream.{name}.status"] = stream.status
        if stream.started_at_ms is not None and stream.status == "ended":
            length = duration_text(rounded(figures.duration_ms(world, stream)))
            values[f"stream.{name}.duration"] = {"about": length, "give": _LENGTH_GIVE}
        if name in steps.published and stream.vod_id is not None:
            vod = recordings.find(world, stream.vod_id)
            if vod.status == "ready":
                length = duration_text(rounded(vod.duration_ms))
                values[f"vod.{name}.duration"] = {"about": length, "give": _LENGTH_GIVE}
        if name in steps.lines:
            values[f"chat.{name}.lost"] = 0
            # Rounding may bring lines of one author closer together than they were posted.
            count = len(steps.lines[name])
            values[f"chat.{name}.posted"] = {"about": count, "give": max(1, count // 20)}
        if name in steps.points:
            most = _peak(steps, name, stream)
            give = max(1, round(most * _AUDIENCE_GIVE))
            fact = f"analytics.{name}.peak_concurrent_viewers"
            values[fact] = {"about": most, "give": give}
    return values


def _peak(steps: RecordedSteps, name: str, stream: Stream) -> int:
    """Return the peak of viewers that the owner sees, unless it is from before the recording."""
    if name in steps.published or name in steps.created:
        return figures.totals(steps.world, stream).peak
    return max(count for _, count in steps.points[name])


def _dumped(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=96)


def _flow(step: dict[str, Any]) -> str:
    text = yaml.safe_dump(
        step, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10_000
    )
    return text.strip()
