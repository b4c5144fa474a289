"""Steps: from what happened in a world to the steps of a scenario that make it happen again."""

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any

from emulator.core.errors import Refused
from emulator.core.values import dataclass
from emulator.scenario.record.naming import Naming
from emulator.world.chat import messages, settings
from emulator.world.live import streams
from emulator.world.people import accounts
from emulator.world.store.events import Journalled
from emulator.world.world import World

# Who watches is told by ramps, who speaks by a script; what follows from a step needs none.
SCRIPTED = {"ChatPosted", "ChatHeld"}
AUDIENCE = {"ViewerJoined", "ViewersLeft", "ViewersSimulated"}

Step = dict[str, Any]


@dataclass(slots=True)
class Steps:
    """`found` are (instant, step). `points` are viewers by stream, `lines` what was said there."""

    world: World
    naming: Naming
    found: list[tuple[int, Step]] = field(default_factory=list)
    points: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    lines: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    # Streams whose publisher has left, and when: it may come back.
    away: dict[str, int] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    ended: dict[str, int] = field(default_factory=dict)
    settings_changed: dict[str, int] = field(default_factory=dict)

    def take(self, events: Iterable[Journalled]) -> None:
        for event in events:
            self._take(event)
        for name, left_ms in self.away.items():
            self.found.append((left_ms, {"publish.stop": name}))
        for name, at_ms in self.settings_changed.items():
            self.found.append((at_ms, {"chat.settings": self._settings(name)}))
        self.found.sort(key=lambda each: each[0])

    def _take(self, event: Journalled) -> None:
        values = event.values
        name = self.naming.stream(values["stream_id"]) if values.get("stream_id") else None
        if values.get("stream_id") and name is None:
            return  # It is gone: nothing can be said of it.
        if event.kind in AUDIENCE:
            self.points.setdefault(str(name), []).append((event.at_ms, values["viewers"]))
        elif event.kind in SCRIPTED:
            self.naming.know(values["username"])
            line = (event.at_ms, values["username"], values["content"])
            self.lines.setdefault(str(name), []).append(line)
        elif (make := _MAKES.get(event.kind)) is not None:
            step = make(self, event, str(name))
            if step is not None:
                self.found.append((event.at_ms, step))

    def _settings(self, name: str) -> Step:
        """As they are now: what they were in between, nobody remembers."""
        now = settings.of(self.world, self.naming.streams[name].row)
        told: Step = {
            "stream": name,
            "slow_mode": f"{now.slow_mode_seconds}s",
            "followers_only": now.is_followers_only,
            "emote_only": now.is_emote_only,
            "max_length": now.length_max,
            "links": now.are_links_allowed,
            "ai_moderation": now.is_ai_moderated,
        }
        if now.blocked_words:
            told["blocked_words"] = list(now.blocked_words)
        return told


def _account_made(steps: Steps, event: Journalled, _: str) -> None:
    # There from the start: whether somebody joined in the evening changes nothing else in it.
    steps.naming.know(event.values["username"])


def _stream_created(steps: Steps, event: Journalled, name: str) -> Step:
    steps.created.add(name)
    stream = steps.naming.streams[name]
    told = {"stream": name, "owner": steps.naming.owner(stream), "title": event.values["title"]}
    return {"stream.create": told}


def _stream_updated(steps: Steps, event: Journalled, name: str) -> Step | None:
    stream = streams.find(steps.world, event.values["stream_id"])
    told = {
        key: value
        for key, value in (("title", stream.title), ("description", stream.description))
        if key in event.values["changed"] and value
    }
    return {"stream.update": {"stream": name, **told}} if told else None


def _went_live(steps: Steps, event: Journalled, name: str) -> Step | None:
    # With media, or with a publisher who is there, that publisher has made it live.
    is_published = event.values["has_media"] or name in steps.published
    return None if is_published else {"stream.start": name}


def _publisher_joined(steps: Steps, event: Journalled, name: str) -> Step | None:
    left_ms = steps.away.pop(name, None)
    steps.published.add(name)
    if left_ms is None:
        return {"publish.start": name}
    back_ms = event.at_ms - left_ms
    steps.found.append((left_ms, {"publish.drop": {"stream": name, "back_after": f"{back_ms}ms"}}))
    return None


def _publisher_left(steps: Steps, event: Journalled, name: str) -> None:
    if name in steps.published:
        steps.away[name] = event.at_ms


def _stream_ended(steps: Steps, event: Journalled, name: str) -> Step | None:
    # Who left and did not come back has stopped; the stream ended by itself.
    steps.ended[name] = event.at_ms
    if name in steps.away:
        return None
    steps.published.discard(name)
    return {"stream.end": name}


def _settings_changed(steps: Steps, event: Journalled, name: str) -> None:
    steps.settings_changed[name] = event.at_ms


def _line_deleted(steps: Steps, event: Journalled, name: str) -> Step | None:
    try:
        line = messages.find(steps.world, event.values["message_id"])
    except Refused:
        return None
    return {"chat.delete": {"stream": name, "of": line.username}}


def _chat_cleared(_: Steps, __: Journalled, name: str) -> Step:
    return {"chat.clear": name}


def _banned(steps: Steps, event: Journalled, name: str) -> Step:
    steps.naming.know(event.values["username"])
    told = {"stream": name, "user": event.values["username"]}
    if event.values["expires_at_ms"] is not None:
        told["time_out"] = f"{max(1, (event.values['expires_at_ms'] - event.at_ms) // 1000)}s"
    return {"chat.ban": told}


def _unbanned(steps: Steps, event: Journalled, name: str) -> Step:
    steps.naming.know(event.values["username"])
    return {"chat.unban": {"stream": name, "user": event.values["username"]}}


def _followed(steps: Steps, event: Journalled, _: str) -> Step | None:
    return _follow(steps, event, "people.follow")


def _unfollowed(steps: Steps, event: Journalled, _: str) -> Step | None:
    return _follow(steps, event, "people.unfollow")


def _follow(steps: Steps, event: Journalled, action: str) -> Step | None:
    follower = steps.naming.user(event.values["follower_id"])
    followed = steps.naming.user(event.values["followed_id"])
    if follower is None or followed is None:
        return None
    return {action: {"user": follower, "follows": followed}}


def _clip_created(steps: Steps, event: Journalled, name: str) -> Step | None:
    from emulator.world.library import clips

    try:
        clip = clips.find(steps.world, event.values["clip_id"])
    except Refused:
        return None
    maker = accounts.by_row(steps.world, clip.user_row).username
    steps.naming.know(maker)
    told = {"stream": name, "by": maker, "title": clip.title}
    return {
        "clip.create": {**told, "start": f"{clip.from_ms}ms", "length": f"{clip.duration_ms}ms"}
    }


_MAKES: dict[str, Callable[[Steps, Journalled, str], Step | None]] = {
    "AccountMade": _account_made,
    "StreamCreated": _stream_created,
    "StreamUpdated": _stream_updated,
    "StreamWentLive": _went_live,
    "PublisherJoined": _publisher_joined,
    "PublisherLeft": _publisher_left,
    "StreamEnded": _stream_ended,
    "ChatSettingsChanged": _settings_changed,
    "ChatDeleted": _line_deleted,
    "ChatCleared": _chat_cleared,
    "ChatBanned": _banned,
    "ChatUnbanned": _unbanned,
    "UserFollowed": _followed,
    "UserUnfollowed": _unfollowed,
    "ClipCreated": _clip_created,
}
