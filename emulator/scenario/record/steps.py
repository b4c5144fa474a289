"""RecordedSteps: turns events into the steps that make them happen again."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import Struct, field

from emulator.core.errors import Refused
from emulator.scenario.record import rooms
from emulator.scenario.record.naming import Naming
from emulator.world.chat import messages
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.store.events import JournalEvent
from emulator.world.world import World

# Viewers become ramps and lines become a script; an event that a step causes needs no step.
SCRIPTED = {"ChatPosted", "ChatHeld"}
AUDIENCE = {"ViewerJoined", "ViewersLeft", "ViewersSimulated"}
# These decide whether a line is accepted: they must stay in order with the lines.
RULING = {
    "ChatSettingsChanged",
    "ModeratorAdded",
    "ChatDeleted",
    "ChatCleared",
    "ChatBanned",
    "ChatUnbanned",
    "UserFollowed",
    "UserUnfollowed",
}
ROUND_MS = 100

Step = dict[str, Any]


def rounded(duration_ms: int) -> int:
    """Round to a multiple of `ROUND_MS`, so that a time is off by at most half of that."""
    return max(0, round(duration_ms / ROUND_MS) * ROUND_MS)


class RecordedSteps(Struct):
    """The steps of what happened since `since_ms`.

    `timeline` has steps, each with its time after `since_ms`; `lines` are the lines posted, by
    stream; `points` are the numbers of viewers by stream, at instants of the world.
    """

    world: World
    naming: Naming
    since_ms: int
    timeline: list[tuple[int, Step]] = field(default_factory=list)
    points: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    lines: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    # Streams whose publisher has left, and when; the publisher may come back.
    away: dict[str, int] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    ended: dict[str, int] = field(default_factory=dict)
    # Faults that are active: when they began, and their step.
    broken: dict[str, tuple[int, Step]] = field(default_factory=dict)
    # Raids by stream: the number of points before viewers left for another stream or came from one,
    # and the time from when to when they did.
    raided: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    # The time of the last item that must stay in order, and whether it was a line.
    _last_written: tuple[int, bool] = (0, False)

    def take(self, events: Iterable[JournalEvent]) -> None:
        for event in events:
            self._take(event)
        for name, left_ms in self.away.items():
            self.add(left_ms, {"publish.stop": name})
        for at_ms, step in self.broken.values():
            self.add(at_ms, step)
        self.timeline.sort(key=lambda entry: entry[0])

    def add(self, at_ms: int, step: Step) -> None:
        """Add a step at an instant of the world."""
        self.timeline.append((rounded(at_ms - self.since_ms), step))

    def _take(self, event: JournalEvent) -> None:
        values = event.values
        name = self.naming.stream(values["stream_id"]) if values.get("stream_id") else None
        if values.get("stream_id") and name is None:
            return  # The stream is gone: no step can name it.
        if event.kind in AUDIENCE:
            self._watched(event, str(name))
        elif event.kind in SCRIPTED:
            self.naming.know(values["username"])
            line = (self._in_order(event), values["username"], values["content"])
            self.lines.setdefault(str(name), []).append(line)
        elif (make := _MAKES.get(event.kind)) is not None:
            step = make(self, event, str(name))
            if step is not None and event.kind in RULING:
                self.timeline.append((self._in_order(event), step))
            elif step is not None:
                self.add(event.at_ms, step)

    def _in_order(self, event: JournalEvent) -> int:
        """Return the rounded time of an event, but after the events that had to come before it.

        A line must not come before the change that allowed it, nor after the change that would have
        refused it.
        """
        is_line = event.kind in SCRIPTED
        last_ms, was_line = self._last_written
        at_ms = rounded(event.at_ms - self.since_ms)
        if at_ms <= last_ms:
            at_ms = last_ms + (is_line != was_line)
        self._last_written = (at_ms, is_line)
        return at_ms

    def _watched(self, event: JournalEvent, name: str) -> None:
        """Add a point of the curve of viewers. Viewers who come or go at once make a step in it."""
        if name in self.ended:
            return  # The end of the stream has removed the viewers who still watched.
        values, points = event.values, self.points.setdefault(name, [])
        before = values.get("before", values["viewers"] + values.get("count", -1))
        if before != values["viewers"]:
            points.append((event.at_ms - 1, before))
        points.append((event.at_ms, values["viewers"]))


def _on_account(steps: RecordedSteps, event: JournalEvent, _: str) -> None:
    # The user exists from the start: the moment of signing up changes nothing else in the run.
    steps.naming.know(event.values["username"])


def _stream_created(steps: RecordedSteps, event: JournalEvent, name: str) -> Step:
    steps.created.add(name)
    stream = steps.naming.streams[name]
    payload = {"stream": name, "owner": steps.naming.owner(stream), "title": event.values["title"]}
    return {"stream.create": payload}


def _stream_updated(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    stream = streams.find(steps.world, event.values["stream_id"])
    now = {
        "title": stream.title,
        "description": stream.description,
        "visibility": stream.visibility,
    }
    payload = {key: now[key] for key in now if key in event.values["changed"] and now[key]}
    return {"stream.update": {"stream": name, **payload}} if payload else None


def _went_live(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    # If the stream has media or a publisher, the publisher made it live.
    is_published = event.values["has_media"] or name in steps.published
    return None if is_published else {"stream.start": name}


def _publisher_joined(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    left_ms = steps.away.pop(name, None)
    steps.published.add(name)
    if left_ms is None:
        return {"publish.start": name}
    back_ms = event.at_ms - left_ms
    steps.add(left_ms, {"publish.drop": {"stream": name, "back_after": f"{back_ms}ms"}})
    return None


def _publisher_left(steps: RecordedSteps, event: JournalEvent, name: str) -> None:
    if name in steps.published:
        steps.away[name] = event.at_ms


def _stream_ended(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    # A publisher that left and did not come back has stopped; the stream then ended by itself.
    steps.ended[name] = event.at_ms
    if name in steps.away:
        return None
    steps.published.discard(name)
    return {"stream.end": name}


def _settings_changed(_: RecordedSteps, event: JournalEvent, name: str) -> Step:
    return {"chat.settings": {"stream": name, **rooms.settings_of(event.values["values"])}}


def _moderator_added(steps: RecordedSteps, event: JournalEvent, name: str) -> Step:
    steps.naming.know(event.values["username"])
    payload: Step = {"stream": name, "user": event.values["username"]}
    return {"chat.moderator": {**payload, "vip": True} if event.values["is_vip"] else payload}


def _raided(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    target = steps.naming.stream(event.values["target_id"])
    if target is None:
        return None
    at_ms, for_ms = event.at_ms, event.values["for_ms"]
    left, met = steps.points.get(name, []), steps.points.get(target, [])
    count = len(left)
    # The points just before already show that they left. They arrive over a while.
    for back_ms in (0, 1):
        count -= bool(count and left[count - 1][0] == at_ms - back_ms)
    steps.raided.setdefault(name, []).append((count, at_ms, at_ms))
    steps.raided.setdefault(target, []).append((len(met), at_ms, at_ms + for_ms))
    raid = {"viewers.raid": {"from": name, "to": target, "count": event.values["viewers"]}}
    return {**raid, "for": f"{for_ms}ms"} if for_ms else raid


def _fault_started(steps: RecordedSteps, event: JournalEvent, _: str) -> None:
    values = dict(event.values["values"])
    if "stream" in values:
        values["stream"] = steps.naming.stream(values["stream"])
        if values["stream"] is None:
            return
    if "user" in values:
        steps.naming.know(values["user"])
    payload: Step = {event.values["kind"]: values}
    if event.values["share"] < 1:
        payload["share"] = event.values["share"]
    if event.values["times"]:
        payload["times"] = event.values["times"]
    steps.broken[event.values["fault_id"]] = (event.at_ms, {"fault.start": payload})


def _fault_stopped(steps: RecordedSteps, event: JournalEvent, _: str) -> None:
    """Add the fault with its length, no matter how it was stopped."""
    began = steps.broken.pop(event.values["fault_id"], None)
    if began is not None:
        at_ms, step = began
        step["fault.start"]["for"] = f"{max(1, event.at_ms - at_ms)}ms"
        steps.add(at_ms, step)


def _line_deleted(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    try:
        line = messages.find(steps.world, event.values["message_id"])
    except Refused:
        return None
    return {"chat.delete": {"stream": name, "of": line.username}}


def _banned(steps: RecordedSteps, event: JournalEvent, name: str) -> Step:
    steps.naming.know(event.values["username"])
    payload = {"stream": name, "user": event.values["username"]}
    if event.values["expires_at_ms"] is not None:
        payload["time_out"] = f"{max(1, (event.values['expires_at_ms'] - event.at_ms) // 1000)}s"
    return {"chat.ban": payload}


def _unbanned(steps: RecordedSteps, event: JournalEvent, name: str) -> Step:
    steps.naming.know(event.values["username"])
    return {"chat.unban": {"stream": name, "user": event.values["username"]}}


def _follow(steps: RecordedSteps, event: JournalEvent, _: str, *, action: str) -> Step | None:
    follower = steps.naming.user(event.values["follower_id"])
    followed = steps.naming.user(event.values["followed_id"])
    if follower is None or followed is None:
        return None
    return {action: {"user": follower, "follows": followed}}


def _clip_created(steps: RecordedSteps, event: JournalEvent, name: str) -> Step | None:
    from emulator.world.library import clips

    try:
        clip = clips.find(steps.world, event.values["clip_id"])
    except Refused:
        return None
    maker = accounts.by_pk(steps.world, clip.user_pk).username
    steps.naming.know(maker)
    payload = {"stream": name, "by": maker, "title": clip.title}
    return {
        "clip.create": {**payload, "start": f"{clip.from_ms}ms", "length": f"{clip.duration_ms}ms"}
    }


_MAKES: dict[str, Callable[[RecordedSteps, JournalEvent, str], Step | None]] = {
    "AccountMade": _on_account,
    "StreamCreated": _stream_created,
    "StreamUpdated": _stream_updated,
    "StreamWentLive": _went_live,
    "PublisherJoined": _publisher_joined,
    "PublisherLeft": _publisher_left,
    "StreamEnded": _stream_ended,
    "ChatSettingsChanged": _settings_changed,
    "ModeratorAdded": _moderator_added,
    "StreamRaided": _raided,
    "FaultStarted": _fault_started,
    "FaultStopped": _fault_stopped,
    "ChatDeleted": _line_deleted,
    "ChatCleared": lambda _steps, _event, name: {"chat.clear": name},
    "ChatBanned": _banned,
    "ChatUnbanned": _unbanned,
    "UserFollowed": partial(_follow, action="people.follow"),
    "UserUnfollowed": partial(_follow, action="people.unfollow"),
    "ClipCreated": _clip_created,
}
