"""Messages: what is said beside a stream. `post` is the one way in, for every author.

A line's order is its row: history shows the order in which readers saw the lines.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.core.events.chat import (
    ChatCleared,
    ChatDeleted,
    ChatHeld,
    ChatPosted,
    MessageType,
)
from emulator.core.ids import number_in
from emulator.world.chat import moderation, rooms
from emulator.world.chat.batch import LineBatch
from emulator.world.chat.rooms import known_rooms, may_moderate
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World

_CURSOR = re.compile(r"m([0-9a-f]{1,15})")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Message(Struct, frozen=True):
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


def post(world: World, stream_id: str, author: User, content: str) -> ChatPosted | ChatHeld:
    """Say one line in a stream's chat; a filter of the room may hold it, then nobody sees it.

    Refuses with a `chat_code` what `moderation.check` refuses, (`not_found`) an unknown stream.
    """
    batch = LineBatch(stream_id, world.now_ms)
    (outcome,) = _say(world, batch, ((author, content),))
    if isinstance(outcome, Refused):
        raise outcome
    return outcome or batch.line


def post_many(
    world: World, stream_id: str, lines: Iterable[tuple[User, str]]
) -> list[ChatHeld | Refused | None]:
    """Say lines one behind the other, each as `post` would. What became of them: None for seen.

    They are kept, journalled and told as if one by one, at a fraction of what that costs.
    """
    return _say(world, LineBatch(stream_id, world.now_ms), lines)


def _say(
    world: World, batch: LineBatch, lines: Iterable[tuple[User, str]]
) -> list[ChatHeld | Refused | None]:
    now_ms, repeats_max, stream_id = batch.at_ms, world.rules.chat_repeats_max, batch.stream_id
    # What a fault strikes is journalled between the lines, as it happens.
    are_faults_on = world.faults.are_on
    known, check = known_rooms(world).of(stream_id), moderation.check
    outcomes: list[ChatHeld | Refused | None] = []
    with world.change():
        for author, content in lines:
            if are_faults_on:
                batch.write_down(world)
            try:
                room = known.get(author.id) or rooms.enter(world, stream_id, author)
                reason = check(world, room, author, content, now_ms)
            except Refused as refused:
                outcomes.append(refused)
                continue
            held = None
            if reason is None:
                room.note(content, now_ms, repeats_max)
                batch.add((author, content, room))
            else:
                held = ChatHeld(
                    at_ms=now_ms,
                    stream_id=stream_id,
                    user_id=author.id,
                    username=author.username,
                    content=content,
                    reason=reason,
                )
                batch.hold(held)
            outcomes.append(held)
        batch.write_down(world)
    return outcomes


def find(world: World, message_id: str) -> Message:
    """The line with this id, deleted or not. Refuses (`not_found`) an unknown one."""
    row = world.store.row(
        f"{_SELECT} WHERE messages.row = ? AND messages.id = ?", _row_in(message_id), message_id
    )
    if row is None:
        raise Refused("not_found", "Message not found")
    return _message(row)


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
        stream.pk,
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
    row = world.store.row(
        "SELECT row, user_row FROM messages WHERE row = ? AND id = ? AND stream_row = ?"
        " AND is_deleted = 0",
        _row_in(message_id),
        message_id,
        stream.pk,
    )
    if row is None:
        raise Refused("not_found", "Message not found")
    if row["user_row"] != by.pk:
        rooms.check_moderator(world, stream, by)
    with world.change():
        world.store.update("messages", row["row"], is_deleted=True)
        world.emit(
            ChatDeleted(
                at_ms=world.now_ms, stream_id=stream.id, message_id=message_id, by_user_id=by.id
            )
        )


def clear(world: World, stream: Stream, by: User) -> None:
    """Take every line away. Refuses (`forbidden`) users that are not moderators."""
    rooms.check_moderator(world, stream, by)
    with world.change():
        world.store.write(
            "UPDATE messages SET is_deleted = 1 WHERE stream_row = ? AND is_deleted = 0", stream.pk
        )
        world.emit(ChatCleared(at_ms=world.now_ms, stream_id=stream.id, by_user_id=by.id))


def _bound(world: World, stream: Stream, before: str | None) -> int:
    """The row that a page ends before. Every row is smaller than the largest there can be."""
    if before is None:
        return 2**63 - 1
    if cursor := _CURSOR.fullmatch(before):
        return int(cursor[1], 16)
    if _UUID.fullmatch(before):
        row = world.store.row(
            "SELECT row FROM messages WHERE row = ? AND id = ? AND stream_row = ?",
            _row_in(before.lower()),
            before.lower(),
            stream.pk,
        )
        if row is None:
            raise Refused("not_found", "Message not found")
        return int(row["row"])
    return _first_row_since(world, stream, _milliseconds(before))


def _row_in(message_id: str) -> int:
    """The row of the line with this id, which carries it; 0, where no line is, for what is no id.

    An index of ids, which chance draws, would cost more than all else that keeps a line.
    """
    return number_in(message_id) if _UUID.fullmatch(message_id) else 0


def _first_row_since(world: World, stream: Stream, at_ms: int) -> int:
    """The first line that is not before the time; where there is none, all lines are.

    Rows and times grow together, so it is found by halving: some twenty looks, and no index that
    every line would have to be put into.
    """
    low, high = (
        0,
        world.store.number("SELECT max(row) FROM messages WHERE stream_row = ?", stream.pk),
    )
    first = 2**63 - 1
    while low <= high:
        middle = (low + high) // 2
        row = world.store.row(
            "SELECT row, created_at_ms FROM messages WHERE stream_row = ? AND row >= ?"
            " ORDER BY row LIMIT 1",
            stream.pk,
            middle,
        )
        if row is not None and row["created_at_ms"] >= at_ms:
            first, high = int(row["row"]), middle - 1
        else:
            low = middle + 1 if row is None else row["row"] + 1
    return first


def _milliseconds(text: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 instant; one without a zone is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("invalid", "This is neither a cursor nor a message's id nor a time") from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(instant.timestamp() * 1000)


def _message(row: Row) -> Message:
    return read_row(Message, row, badges=tuple(filter(None, row["badges"].split(","))))
