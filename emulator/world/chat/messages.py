"""Messages: what is said beside a stream. `post` is the one way in, whoever speaks.

A line's order is its row: history shows the order in which readers saw the lines.
"""

import re
from datetime import UTC, datetime

from emulator.core.errors import Refused
from emulator.core.events.chat import (
    ChatCleared,
    ChatDeleted,
    ChatHeld,
    ChatPosted,
    MessageType,
)
from emulator.core.values import dataclass
from emulator.world.chat import moderation, rooms
from emulator.world.chat.rooms import Rank, may_moderate
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.world import World

_CURSOR = re.compile(r"m([0-9a-f]{1,15})")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BADGES: dict[Rank, tuple[str, ...]] = {
    "broadcaster": ("broadcaster",),
    "moderator": ("moderator",),
    "vip": ("vip",),
    "viewer": (),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One line. `badges` are the author's when it was said. A deleted one is for moderators."""

    id: str
    stream_id: str
    user_id: str
    username: str
    content: str
    message_type: MessageType
    badges: tuple[str, ...]
    is_deleted: bool
    created_at_ms: int


_SELECT = """
SELECT messages.*, streams.id AS stream_id, users.id AS user_id, users.username
FROM messages
JOIN streams ON streams.row = messages.stream_row
JOIN users ON users.row = messages.user_row
"""


def post(
    world: World,
    stream_id: str,
    author: User,
    content: str,
    message_type: MessageType = "message",
) -> ChatPosted | ChatHeld:
    """Say one line in a stream's chat; a filter of the room may hold it, then nobody sees it.

    Refuses with a `chat_code` what `moderation.check` refuses, (`not_found`) an unknown stream.
    """
    room = rooms.enter(world, stream_id, author)
    moderation.check(world, room, author, content)
    reason = moderation.reason_to_hold(world, room, author, content)
    now_ms = world.now_ms
    if reason is not None:
        held = ChatHeld(
            at_ms=now_ms,
            stream_id=stream_id,
            user_id=author.id,
            username=author.username,
            content=content,
            reason=reason,
        )
        with world.change():
            world.emit(held)
        return held
    posted = ChatPosted(
        at_ms=now_ms,
        stream_id=stream_id,
        message_id=world.ids.uuid(),
        user_id=author.id,
        username=author.username,
        content=content,
        message_type=message_type,
        badges=_BADGES[room.rank],
    )
    with world.change():
        keep(world, room.stream_row, author.row, posted)
        world.emit(posted)
    return posted


def keep(world: World, stream_row: int, author_row: int, line: ChatPosted) -> None:
    """Write a line down as it is, inside `change`: what a seed says was never moderated."""
    world.store.write(
        "INSERT INTO messages (id, stream_row, user_row, content, message_type, badges,"
        " created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
        line.message_id,
        stream_row,
        author_row,
        line.content,
        line.message_type,
        ",".join(line.badges),
        line.at_ms,
    )


def find(world: World, message_id: str) -> Message:
    """The line with this id, deleted or not. Refuses (`not_found`) an unknown one."""
    found = world.store.row(f"{_SELECT} WHERE messages.id = ?", message_id)
    if found is None:
        raise Refused("not_found", "Message not found")
    return _message(found)


def as_posted(event: ChatPosted) -> Message:
    """The line that was just said."""
    return Message(
        id=event.message_id,
        stream_id=event.stream_id,
        user_id=event.user_id,
        username=event.username,
        content=event.content,
        message_type=event.message_type,
        badges=event.badges,
        is_deleted=False,
        created_at_ms=event.at_ms,
    )


def page(
    world: World, stream: Stream, viewer: User | None, *, count: int, before: str | None = None
) -> tuple[list[Message], str | None]:
    """The `count` newest lines before a cursor, an id or a time, oldest first; and a cursor.

    The cursor leads to the lines before these, None where there are none. Deleted lines show to
    moderators only. Refuses (`not_found`) an unknown id, (`invalid`) what is none of the three.
    """
    is_moderator = may_moderate(rooms.rank_of(world, stream, viewer))
    condition = "" if is_moderator else "AND messages.is_deleted = 0"
    rows = world.store.rows(
        f"{_SELECT} WHERE messages.stream_row = ? AND messages.row < ? {condition}"
        " ORDER BY messages.row DESC LIMIT ?",
        stream.row,
        _bound(world, stream, before),
        count + 1,
    )
    shown = rows[:count]
    cursor = f"m{shown[-1]['row']:x}" if len(rows) > count else None
    return [_message(row) for row in reversed(shown)], cursor


def delete(world: World, stream: Stream, message_id: str, by: User) -> None:
    """Take a line away: one's own, or as a moderator anybody's.

    Refuses (`not_found`) one that is not there (any more), (`forbidden`) anybody else.
    """
    found = world.store.row(
        "SELECT row, user_row FROM messages WHERE id = ? AND stream_row = ? AND is_deleted = 0",
        message_id,
        stream.row,
    )
    if found is None:
        raise Refused("not_found", "Message not found")
    if found["user_row"] != by.row:
        rooms.check_moderator(world, stream, by)
    with world.change():
        world.store.write("UPDATE messages SET is_deleted = 1 WHERE row = ?", found["row"])
        world.emit(
            ChatDeleted(
                at_ms=world.now_ms, stream_id=stream.id, message_id=message_id, by_user_id=by.id
            )
        )


def clear(world: World, stream: Stream, by: User) -> None:
    """Take every line away. Refuses (`forbidden`) who is not a moderator."""
    rooms.check_moderator(world, stream, by)
    with world.change():
        world.store.write(
            "UPDATE messages SET is_deleted = 1 WHERE stream_row = ? AND is_deleted = 0", stream.row
        )
        world.emit(ChatCleared(at_ms=world.now_ms, stream_id=stream.id, by_user_id=by.id))


def _bound(world: World, stream: Stream, before: str | None) -> int:
    """The row that a page ends before. Every row is smaller than the largest there can be."""
    if before is None:
        return 2**63 - 1
    if cursor := _CURSOR.fullmatch(before):
        return int(cursor[1], 16)
    if _UUID.fullmatch(before):
        found = world.store.row(
            "SELECT row FROM messages WHERE id = ? AND stream_row = ?", before.lower(), stream.row
        )
        if found is None:
            raise Refused("not_found", "Message not found")
        return int(found["row"])
    # The first line that is not before the time; where there is none, all lines are.
    found = world.store.row(
        "SELECT row FROM messages WHERE stream_row = ? AND created_at_ms >= ?"
        " ORDER BY created_at_ms, row LIMIT 1",
        stream.row,
        _milliseconds(before),
    )
    return int(found["row"]) if found else 2**63 - 1


def _milliseconds(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 instant; one without a zone is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("invalid", "This is no cursor, no message's id and no time") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(instant.timestamp() * 1000)


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        stream_id=row["stream_id"],
        user_id=row["user_id"],
        username=row["username"],
        content=row["content"],
        message_type=row["message_type"],
        badges=tuple(filter(None, row["badges"].split(","))),
        is_deleted=bool(row["is_deleted"]),
        created_at_ms=row["created_at_ms"],
    )
