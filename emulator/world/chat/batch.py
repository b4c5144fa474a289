"""LineBatch: lines of one chat and one instant that nothing refused or held, written down together.

What a line costs by itself (a key, a statement, a row of the journal, an event) is paid once for
many. What is kept and told of each line is the same.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from emulator.core.events.chat import ChatHeld, ChatPosted, LinesPosted
from emulator.world.chat.rooms import Rank, Room, known_rooms
from emulator.world.people.accounts import User
from emulator.world.store.canonical import encoded, quoted
from emulator.world.world import World

BADGES: dict[Rank, tuple[str, ...]] = {
    "broadcaster": ("broadcaster",),
    "moderator": ("moderator",),
    "vip": ("vip",),
    "viewer": (),
}
BADGE_TEXTS = {rank: ",".join(badges) for rank, badges in BADGES.items()}
_INSERT = (
    "INSERT INTO messages (row, id, stream_row, user_row, content, badges, created_at_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
# How the journal writes a line, up to its words: its values stand in the order of their names.
_BEGINNINGS = {rank: f'{{"badges":{encoded(badges)},"content":' for rank, badges in BADGES.items()}
# So many lines are one row of the journal at most, which a reader reads whole.
_ROW_LINES_MAX = 500

# An author's words, and the room as the author met it.
Line = tuple[User, str, Room]


class LineBatch:
    """`add` and `hold` lines in their order, then `write_down`, inside a change.

    `line` is the event of a line that was written down by itself.
    """

    line: ChatPosted

    def __init__(self, stream_id: str, at_ms: int) -> None:
        self.stream_id = stream_id
        self.at_ms = at_ms
        self._lines: list[Line] = []
        # The held ones, each behind so many of the others.
        self._held: list[tuple[int, ChatHeld]] = []
        # Called for each line of a flood, so it is the list's own.
        self.add = self._lines.append

    def hold(self, held: ChatHeld) -> None:
        self._held.append((len(self._lines), held))

    def write_down(self, world: World) -> None:
        """Keep the lines, and emit what has happened since the last call."""
        lines, held = self._lines[:], self._held
        self._lines.clear()
        self._held = []
        rows = known_rooms(world).take_pks(len(lines))
        ids = world.ids.numbered(rows)
        at_ms = self.at_ms
        world.store.write_many(
            _INSERT,
            [
                (row, message_id, room.stream_pk, author.pk, content, badges, at_ms)
                for row, message_id, (author, content, room) in zip(rows, ids, lines, strict=True)
                for badges in (BADGE_TEXTS[room.rank],)
            ],
        )
        begin = 0
        for end, event in held:
            self._emit(world, lines[begin:end], ids[begin:end])
            world.emit(event)
            begin = end
        self._emit(world, lines[begin:], ids[begin:])

    def _emit(self, world: World, lines: list[Line], ids: list[str]) -> None:
        if len(lines) == 1:
            # A lone line needs none of what makes many of them cheap.
            (self.line,) = _events(self.stream_id, self.at_ms, lines, ids)
            world.emit(self.line)
            return
        for begin in range(0, len(lines), _ROW_LINES_MAX):
            part = slice(begin, begin + _ROW_LINES_MAX)
            world.emit(self._burst(lines[part], ids[part]))

    def _burst(self, lines: list[Line], ids: list[str]) -> LinesPosted:
        stream_id = self.stream_id
        bodies = [
            f'{_BEGINNINGS[room.rank]}{quoted(content)},"message_id":"{message_id}",'
            f"{room.ending if room.author is author else _ending(stream_id, author, room)}"
            for message_id, (author, content, room) in zip(ids, lines, strict=True)
        ]
        make = partial(_events, stream_id, self.at_ms, lines, ids)
        return LinesPosted(stream_id, self.at_ms, bodies, make)


def _ending(stream_id: str, author: User, room: Room) -> str:
    """What the journal writes behind a line's id; the same for all that an author says."""
    room.author = author
    room.ending = (
        f'"message_type":"message","stream_id":{quoted(stream_id)},"user_id":{quoted(author.id)},'
        f'"username":{quoted(author.username)}}}'
    )
    return room.ending


def _events(
    stream_id: str, at_ms: int, lines: Sequence[Line], ids: Sequence[str]
) -> Iterator[ChatPosted]:
    for message_id, (author, content, room) in zip(ids, lines, strict=True):
        yield ChatPosted(
            at_ms=at_ms,
            stream_id=stream_id,
            message_id=message_id,
            user_id=author.id,
            username=author.username,
            content=content,
            message_type="message",
            badges=BADGES[room.rank],
        )
