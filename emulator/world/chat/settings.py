"""Chat settings: a room's rules for its lines (contract, CHAT_SETTINGS)."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from emulator.core.events.chat import ChatSettingsChanged
from emulator.world.chat.filters import Sieve
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.world import World

COLUMNS = (
    "slow_mode_seconds, is_followers_only, is_emote_only, length_max, blocked_words,"
    " are_links_allowed, is_ai_moderated"
)


class ChatSettings(Struct, frozen=True):
    """A room's settings. A slow mode of 0 is off; `length_max` counts characters.

    Blocked words may be phrases.
    """

    slow_mode_seconds: int = 0
    is_followers_only: bool = False
    is_emote_only: bool = False
    length_max: int = 500
    blocked_words: tuple[str, ...] = ()
    are_links_allowed: bool = True
    is_ai_moderated: bool = False


UNCHANGED = ChatSettings()


def of(world: World, stream_pk: int) -> ChatSettings:
    """Return a room's settings; the defaults if none were changed."""
    row = world.store.row(f"SELECT {COLUMNS} FROM chat_settings WHERE stream_row = ?", stream_pk)
    return as_stored(*row) if row else UNCHANGED


def change(world: World, stream: Stream, by: User, patch: Mapping[str, Any]) -> ChatSettings:
    """Set the fields in `patch`, named as in `ChatSettings`. The caller checks the permission."""
    before = of(world, stream.pk)
    after = replace(before, **patch)
    changed = tuple(
        name
        for name in ChatSettings.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    )
    if changed:
        _keep(world, stream, by, after, changed)
    return after


@lru_cache(maxsize=256)
def as_stored(
    slow_mode_seconds: int,
    is_followers_only: int,
    is_emote_only: int,
    length_max: int,
    blocked_words: str,
    are_links_allowed: int,
    is_ai_moderated: int,
) -> ChatSettings:
    """Make the settings from a row of `COLUMNS`.

    They are cached, because each line reads its room's settings and these rarely change.
    """
    return ChatSettings(
        slow_mode_seconds=slow_mode_seconds,
        is_followers_only=bool(is_followers_only),
        is_emote_only=bool(is_emote_only),
        length_max=length_max,
        blocked_words=tuple(json.loads(blocked_words)),
        are_links_allowed=bool(are_links_allowed),
        is_ai_moderated=bool(is_ai_moderated),
    )


def sieve_of(settings: ChatSettings, *, is_vip: bool) -> Sieve | None:
    """Return the filters for lines of a viewer, or of a VIP, who may post links.

    None if there is nothing to filter. All viewers share one sieve and its cache of results.
    """
    are_links_held = not settings.are_links_allowed and not is_vip
    if not (are_links_held or settings.blocked_words or settings.is_ai_moderated):
        return None
    return _sieve(are_links_held, settings.blocked_words, settings.is_ai_moderated)


@lru_cache(maxsize=64)
def _sieve(are_links_held: bool, blocked_words: tuple[str, ...], is_ai_moderated: bool) -> Sieve:
    return Sieve(are_links_held, blocked_words, is_ai_moderated)


def _keep(
    world: World, stream: Stream, by: User, after: ChatSettings, changed: tuple[str, ...]
) -> None:
    with world.change():
        world.store.write(
            f"INSERT OR REPLACE INTO chat_settings (stream_row, {COLUMNS})"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            stream.pk,
            after.slow_mode_seconds,
            after.is_followers_only,
            after.is_emote_only,
            after.length_max,
            json.dumps(after.blocked_words, ensure_ascii=False),
            after.are_links_allowed,
            after.is_ai_moderated,
        )
        world.emit(
            ChatSettingsChanged(
                at_ms=world.now_ms,
                stream_id=stream.id,
                changed=changed,
                values={name: getattr(after, name) for name in changed},
                by_user_id=by.id,
            )
        )
