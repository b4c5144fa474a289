"""Chat messages of a stream. `post` and `post_many` are the only ways in, for every author.

Lines are ordered by row: history shows them in the order in which readers received them.
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
from emulator.world.chat.rooms import Room, known_rooms, may_moderate
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.journal import Row
from emulator.world.store.rows import read_row
from emulator.world.world import World

# A line to post: the id of the stream, the author, the text.
Said = tuple[str, User, str]

_CURSOR = r"m([0-9a-f]{1,15})"
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Message(Struct, frozen=True):
    """One line.

    `badges` are those of the author at that time. Only moderators see deleted lines.
    """

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
    """Say one line in a stream's chat. A filter of the room may hold it: then nobody sees it.

    Refuses (with a `chat_code`) what `moderation.check` refuses, (`not_found`) an unknown stream.
    """
    batch = LineBatch(world.now_ms)
    (outcome,) = _say(world, batch, ((stream_id, author, content),))
    if isinstance(outcome, Refused):
        raise outcome
    return outcome or batch.line


def post_many(world: World, lines: Iterable[Said]) -> list[ChatHeld | Refused | None]:
    """Say lines of one chat or several one after the other, each as by `post`.

    Returns each line's outcome; None: published.

    They are stored, journalled and published as if one by one, at a fraction of the cost.
    """
    return _say(world, LineBatch(world.now_ms), lines)


def _say(world: World, batch: LineBatch, lines: Iterable[Said]) -> list[ChatHeld | Refused | None]:
    now_ms, repeats_max = batch.at_ms, world.rules.chat_repeats_max
    # The events of a fault are journalled between the lines, in the order in which they happen.
    are_faults_on = world.faults.are_on
    known, check, stream_id = dict[str, Room](), moderation.check, ""
    outcomes: list[ChatHeld | Refused | None] = []
    with world.change():
        for line_stream_id, author, content in lines:
            if line_stream_id != stream_id:
                stream_id = line_stream_id
                known = known_rooms(world).of(stream_id)
                batch.turn()
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
    """Return the line with this id, deleted or not. Refuses (`not_found`) an unknown one."""
    row = world.store.row(
        f"{_SELECT} WHERE messages.row = ? AND messages.id = ?", _row_in(message_id), message_id
    )
    if row is None:
        raise Refused("not_found", "Message not found")
    return _message(row)


def as_posted(event: ChatPosted) -> Message:
    """The message of a line that was just posted."""
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
    """Return the `count` newest lines before a cursor, an id or a time, oldest first; and a cursor.

    The cursor continues with older lines; it is None if there are none. Only moderators get deleted
    lines. Refuses (`not_found`) an unknown id, (`invalid`) a `before` that is none of the three.
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
    """Delete a line: one's own, or anybody's as a moderator.

    Refuses (`not_found`) an unknown or deleted line, (`forbidden`) anybody else.
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
    """Delete all lines. Refuses (`forbidden`) users that are not moderators."""
    rooms.check_moderator(world, stream, by)
    with world.change():
        world.store.write(
            "UPDATE messages SET is_deleted = 1 WHERE stream_row = ? AND is_deleted = 0", stream.pk
        )
        world.emit(ChatCleared(at_ms=world.now_ms, stream_id=stream.id, by_user_id=by.id))


def _bound(world: World, stream: Stream, before: str | None) -> int:
    """Return the row before which a page ends; without `before`, a number above every row."""
    if before is None:
        return 2**63 - 1
    if cursor := re.fullmatch(_CURSOR, before):
        return int(cursor[1], 16)
    if re.fullmatch(_UUID, before):
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
    """Return the row number that a message id contains; 0, which is no row, for any other text.

    An index of the random ids would cost more than all else that storing a line costs.
    """
    return number_in(message_id) if re.fullmatch(_UUID, message_id) else 0


def _first_row_since(world: World, stream: Stream, at_ms: int) -> int:
    """Return the first row that is not before this time; a number above every row if there is none.

    Rows and times grow together, so a binary search finds it in some twenty queries, without an
    index to which every new line would have to be added.
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
    """Parse an ISO 8601 time to milliseconds since 1970; without a zone it is UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            "invalid", "This must be a cursor, a message id or an ISO 8601 time"
        ) from None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return round(instant.timestamp() * 1000)


def _message(row: Row) -> Message:
    return read_row(Message, row, badges=tuple(filter(None, row["badges"].split(","))))
