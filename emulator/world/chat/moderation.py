"""Moderation: who may say a line now, and which lines are held. Asked by `messages.post` alone.

Each refusal has a `chat_code` (contract, websocket.md) and, where waiting helps, `wait_ms` and
`retry_after_seconds`, all on the world's clock.
"""

from emulator.core.errors import Code, Refused
from emulator.world.chat import filters
from emulator.world.chat.rooms import Room, may_moderate
from emulator.world.faults.access import take_tightened
from emulator.world.people.accounts import User
from emulator.world.world import World

_REPEAT_WINDOW_MS = 30_000


def check(world: World, room: Room, author: User, content: str) -> None:
    """Refuse a line that its author may not say, here or now."""
    if room.status == "ended":
        raise _refused("conflict", "stream_ended", "The stream has ended. Its chat can be read.")
    if not content or content.isspace():
        raise _refused("invalid", "empty_message", "A message must not be empty")
    length_max = room.settings.length_max
    if len(content) > length_max:
        raise _refused(
            "invalid", "message_too_long", f"A message has at most {length_max} characters here"
        )
    if room.is_banned:
        raise _banned(world, room)
    if not may_moderate(room.rank):
        _check_viewer(world, room, author, content)


def reason_to_hold(world: World, room: Room, author: User, content: str) -> str | None:
    """Why a filter keeps the line back, None where none does. Moderators are trusted."""
    settings = room.settings
    if may_moderate(room.rank):
        return None
    if not settings.are_links_allowed and room.rank != "vip" and filters.has_link(content):
        return "Links are not allowed in this chat"
    if settings.blocked_words and filters.has_blocked_word(content, settings.blocked_words):
        return "Your message has a word in it that is blocked in this chat"
    if settings.is_ai_moderated and filters.looks_rude(content):
        return "Your message looks like shouting"
    if _is_repeated(world, room, author, content):
        return "You have said the same thing several times"
    return None


def _check_viewer(world: World, room: Room, author: User, content: str) -> None:
    settings = room.settings
    # Counted first, so that hammering against slow mode counts too.
    if world.faults.are_on:
        take_tightened(world, "chat", author)
    if world.rules.chat_lines_per_minute:
        world.limits.count("chat", author.id, world.rules.chat_lines_per_minute)
    if settings.is_emote_only and not filters.is_emotes_only(content):
        raise _refused("forbidden", "emote_only", "Only emotes may be sent in this chat")
    if room.rank == "vip":
        return
    if settings.is_followers_only and not room.is_follower:
        raise _refused("forbidden", "followers_only", "Only followers may chat here")
    if settings.slow_mode_seconds:
        _check_slow_mode(world, room)


def _check_slow_mode(world: World, room: Room) -> None:
    if room.last_line_at_ms is None:
        return
    wait_ms = room.last_line_at_ms + room.settings.slow_mode_seconds * 1000 - world.now_ms
    if wait_ms > 0:
        sentence = f"Slow mode is on: one message every {room.settings.slow_mode_seconds} s"
        raise _refused("rate_limited", "slow_mode", sentence, wait_ms)


def _banned(world: World, room: Room) -> Refused:
    if room.ban_expires_at_ms is None:
        return _refused("forbidden", "banned", "You are banned from this chat")
    wait_ms = room.ban_expires_at_ms - world.now_ms
    return _refused("forbidden", "timed_out", "You are timed out in this chat", wait_ms)


def _is_repeated(world: World, room: Room, author: User, content: str) -> bool:
    """Whether the author's last lines here, as many as may be the same, are this one."""
    allowed = world.rules.chat_repeats_max
    since_ms = world.now_ms - _REPEAT_WINDOW_MS
    if not allowed or room.last_line_at_ms is None or room.last_line_at_ms <= since_ms:
        return False
    if room.last_line is None or room.last_line.lower() != content.lower():
        return False
    same = world.store.number(
        "SELECT count(*) FROM (SELECT content, created_at_ms FROM messages"
        " WHERE user_row = ? AND stream_row = ? ORDER BY row DESC LIMIT ?)"
        " WHERE created_at_ms > ? AND content = ? COLLATE NOCASE",
        author.row,
        room.stream_row,
        allowed,
        since_ms,
        content,
    )
    return same >= allowed


def _refused(code: Code, chat_code: str, sentence: str, wait_ms: int | None = None) -> Refused:
    if wait_ms is None:
        return Refused(code, sentence, chat_code=chat_code)
    wait_seconds = max(1, -(-wait_ms // 1000))
    return Refused(
        code, sentence, chat_code=chat_code, wait_ms=wait_ms, retry_after_seconds=wait_seconds
    )
