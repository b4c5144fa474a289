"""Rooms: the settings and moderators of a chat when a recording began."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import asdict

from emulator.world.chat import moderators, settings
from emulator.world.live.streams import Stream
from emulator.world.people import accounts
from emulator.world.store import events
from emulator.world.world import World

# The names of settings in a scenario, by their names in the world.
_WORDS = {
    "slow_mode_seconds": "slow_mode",
    "is_followers_only": "followers_only",
    "is_emote_only": "emote_only",
    "length_max": "max_length",
    "blocked_words": "blocked_words",
    "are_links_allowed": "links",
    "is_ai_moderated": "ai_moderation",
}
_CHANGES_MAX = 100_000


def settings_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings in the form that the action `chat.settings` takes."""
    return {_WORDS[name]: _written(name, value) for name, value in values.items()}


def before(world: World, name: str, stream: Stream, after: int) -> Iterator[dict[str, Any]]:
    """Yield the steps that restore a room as it was at a point of the journal."""
    usual = asdict(settings.UNCHANGED)
    was = {
        key: value for key, value in _settings(world, stream, after).items() if value != usual[key]
    }
    if was:
        yield {"chat.settings": {"stream": name, **settings_of(was)}}
    for moderator in moderators.of(world, stream):
        if not _was_added(world, stream, moderator.user_pk, after):
            user = accounts.by_pk(world, moderator.user_pk).username
            vip = {"vip": True} if moderator.is_vip else {}
            yield {"chat.moderator": {"stream": name, "user": user, **vip}}


def _settings(world: World, stream: Stream, after: int) -> dict[str, Any]:
    """Return the settings at a point of the journal: those of now, without the changes since."""
    now, changes = asdict(settings.of(world, stream.pk)), _changes(world, stream)
    changed = {name for seq, values in changes if seq > after for name in values}
    was: dict[str, Any] = {}
    for seq, values in changes:
        if seq <= after:
            was |= values
    usual = asdict(settings.UNCHANGED)
    return {name: was.get(name, usual[name]) if name in changed else now[name] for name in now}


def _changes(world: World, stream: Stream) -> list[tuple[int, dict[str, Any]]]:
    kind = "ChatSettingsChanged"
    changes = events.read(world.store, after=0, count=_CHANGES_MAX, kind=kind)
    return [
        (event.seq, event.values["values"])
        for event in changes
        if event.values["stream_id"] == stream.id
    ]


def _was_added(world: World, stream: Stream, user_pk: int, after: int) -> bool:
    """Return whether that happened after the point: then it has its own step."""
    user_id = accounts.by_pk(world, user_pk).id
    changes = events.read(world.store, after=after, count=_CHANGES_MAX, kind="ModeratorAdded")
    return any(
        (event.values["stream_id"], event.values["user_id"]) == (stream.id, user_id)
        for event in changes
    )


def _written(name: str, value: Any) -> Any:
    if name == "slow_mode_seconds":
        return f"{value}s"
    return list(value) if name == "blocked_words" else value
