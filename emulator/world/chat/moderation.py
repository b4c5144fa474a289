"""Moderation: whether an author may say a line now, and which lines are held. For `messages` only.

Each refusal has a `chat_code` (contract, websocket.md) and, if waiting helps, `wait_ms` and
`retry_after_seconds`, all by the world's clock.
"""

from collections import deque
from typing import Literal

from emulator.core.errors import Code, Refused
from emulator.world.chat import filters
from emulator.world.chat.rooms import ALONE, Room
from emulator.world.faults.enforcement import take_tightened
from emulator.world.people.accounts import User
from emulator.world.world import World

_REPEAT_WINDOW_MS = 30_000
ChatCode = Literal[
    "stream_ended",
    "empty_message",
    "message_too_long",
    "emote_only",
    "followers_only",
    "slow_mode",
    "banned",
    "timed_out",
]


def check(world: World, room: Room, author: User, content: str, now_ms: int) -> str | None:
    """Return why a filter holds the line; None if it does not. Moderators are not filtered.

    Refuses a line that its author may not say here or now.
    """
    if not (room.is_open and content) or len(content) > room.length_max or content.isspace():
        _check_anybody(room, content, now_ms)
    if room.is_trusted:
        return None
    # The line is counted first, so that lines refused by slow mode count too.
    if world.faults.are_on:
        take_tightened(world, "chat", author)
    if lines_max := world.rules.chat_lines_per_minute:
        world.rate_limiter.count("chat", author.id, lines_max, now_ms)
    if not room.is_plain:
        _check_viewer(room, content, now_ms)
    reason = room.sieve.reason(content) if room.sieve is not None else None
    if reason is None and room.is_last(content) and _is_repeated(world, room, author, now_ms):
        return "You have said the same thing several times"
    return reason


def _check_anybody(room: Room, content: str, now_ms: int) -> None:
    if room.status == "ended":
        raise _refused("conflict", "stream_ended", "The stream has ended. Its chat can be read.")
    if not content or content.isspace():
        raise _refused("invalid", "empty_message", "A message must not be empty")
    length_max = room.settings.length_max
    if len(content) > length_max:
        raise _refused(
            "invalid", "message_too_long", f"A message has at most {length_max} characters here"
        )
    if room.has_ban:
        _check_ban(room, now_ms)


def _check_viewer(room: Room, content: str, now_ms: int) -> None:
    settings = room.settings
    if settings.is_emote_only and not filters.is_emotes_only(content):
        raise _refused("forbidden", "emote_only", "Only emotes may be sent in this chat")
    if room.rank == "vip":
        return
    if settings.is_followers_only and not room.is_follower:
        raise _refused("forbidden", "followers_only", "Only followers may chat here")
    if settings.slow_mode_seconds:
        _check_slow_mode(room, now_ms)


def _check_slow_mode(room: Room, now_ms: int) -> None:
    if room.last_line_at_ms is None:
        return
    wait_ms = room.last_line_at_ms + room.settings.slow_mode_seconds * 1000 - now_ms
    if wait_ms > 0:
        message = f"Slow mode is on: one message every {room.settings.slow_mode_seconds} s"
        raise _refused("rate_limited", "slow_mode", message, wait_ms)


def _check_ban(room: Room, now_ms: int) -> None:
    if room.ban_expires_at_ms is None:
        raise _refused("forbidden", "banned", "You are banned from this chat")
    wait_ms = room.ban_expires_at_ms - now_ms
    if wait_ms > 0:
        raise _refused("forbidden", "timed_out", "You are timed out in this chat", wait_ms)


def _is_repeated(world: World, room: Room, author: User, now_ms: int) -> bool:
    """Whether the author's last lines here, as many as may be equal, were all the same text."""
    allowed = world.rules.chat_repeats_max
    since_ms = now_ms - _REPEAT_WINDOW_MS
    if not allowed or room.last_line_at_ms is None or room.last_line_at_ms <= since_ms:
        return False
    repeats_ms = room.repeats_ms
    if repeats_ms is ALONE:
        return allowed == 1
    if repeats_ms is None or repeats_ms.maxlen != allowed:
        repeats_ms = room.repeats_ms = _repeats(world, room, author, allowed)
    return len(repeats_ms) >= allowed and repeats_ms[0] > since_ms


def _repeats(world: World, room: Room, author: User, allowed: int) -> deque[int]:
    """Return the times of the author's last equal lines, at most `allowed`, oldest first."""
    repeats_ms: deque[int] = deque(maxlen=allowed)
    last: str | None = None
    for content, at_ms in world.store.rows(
        "SELECT content, created_at_ms FROM messages WHERE user_row = ? AND stream_row = ?"
        " ORDER BY row DESC LIMIT ?",
        author.pk,
        room.stream_pk,
        allowed,
    ):
        if last is not None and content.lower() != last:
            break
        last = content.lower()
        repeats_ms.appendleft(at_ms)
    return repeats_ms


def _refused(code: Code, chat_code: ChatCode, message: str, wait_ms: int | None = None) -> Refused:
    if wait_ms is None:
        return Refused(code, message, chat_code=chat_code)
    wait_seconds = max(1, -(-wait_ms // 1000))
    return Refused(
        code, message, chat_code=chat_code, wait_ms=wait_ms, retry_after_seconds=wait_seconds
    )
