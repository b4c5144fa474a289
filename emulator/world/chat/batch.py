"""LineBatch: accepted and held lines of one instant, in one chat or several, written together.

The cost of a single line (a key, a statement, a row of the journal, an event) is paid once for many
lines. The stored and published data are the same as for single lines.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from emulator.core.events.chat import ChatHeld, ChatPosted, LinesPosted
from emulator.world.chat.rooms import Rank, Room, known_rooms
from emulator.world.people.accounts import User
from emulator.world.store.canonical import encoded, quoted
from emulator.world.store.journal import ROW_EVENTS_MAX
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
# The beginning of a line's JSON in the journal, up to its text; keys are in alphabetical order.
_BEGINNINGS = {rank: f'{{"badges":{encoded(badges)},"content":' for rank, badges in BADGES.items()}

# The author, the text, and the room as it stands for this author.
Line = tuple[User, str, Room]


class LineBatch:
    """Collects lines in order by `add` and `hold`; `write_down` stores them, inside a change.

    `turn` is called where the lines of another chat begin. `line` is the event of the last line
    that was written alone.
    """

    line: ChatPosted

    def __init__(self, at_ms: int) -> None:
        self.at_ms = at_ms
        self._lines: list[Line] = []
        # The ends of bursts: the number of lines before, and the held line that comes there, if
        # the chat is not another one from there on.
        self._ends: list[tuple[int, ChatHeld | None]] = []
        # The list's own method, because a flood calls it for each line.
        self.add = self._lines.append

    def turn(self) -> None:
        self._ends.append((len(self._lines), None))

    def hold(self, held: ChatHeld) -> None:
        self._ends.append((len(self._lines), held))

    def write_down(self, world: World) -> None:
        """Store the lines and emit the events of all lines collected since the last call."""
        lines, ends = self._lines[:], self._ends
        self._lines.clear()
        self._ends = []
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
        for end, held in ends:
            self._emit(world, lines[begin:end], ids[begin:end])
            if held is not None:
                world.emit(held)
            begin = end
        self._emit(world, lines[begin:], ids[begin:])

    def _emit(self, world: World, lines: list[Line], ids: list[str]) -> None:
        if len(lines) == 1:
            # A single line needs no burst.
            (self.line,) = _events(self.at_ms, lines, ids)
            world.emit(self.line)
            return
        for begin in range(0, len(lines), ROW_EVENTS_MAX):
            part = slice(begin, begin + ROW_EVENTS_MAX)
            world.emit(self._burst(lines[part], ids[part]))

    def _burst(self, lines: list[Line], ids: list[str]) -> LinesPosted:
        bodies = [
            f'{_BEGINNINGS[room.rank]}{quoted(content)},"message_id":"{message_id}",'
            f"{room.ending if room.author is author else _ending(author, room)}"
            for message_id, (author, content, room) in zip(ids, lines, strict=True)
        ]
        make = partial(_events, self.at_ms, lines, ids)
        return LinesPosted(lines[0][2].stream_id, self.at_ms, bodies, make)


def _ending(author: User, room: Room) -> str:
    """Return the end of a line's JSON, after its id; it is equal for all lines of an author."""
    room.author = author
    room.ending = (
        f'"message_type":"message","stream_id":{quoted(room.stream_id)},"user_id":{quoted(author.id)},'
        f'"username":{quoted(author.username)}}}'
    )
    return room.ending


def _events(at_ms: int, lines: Sequence[Line], ids: Sequence[str]) -> Iterator[ChatPosted]:
    for message_id, (author, content, room) in zip(ids, lines, strict=True):
        yield ChatPosted(
            at_ms=at_ms,
            stream_id=room.stream_id,
            message_id=message_id,
            user_id=author.id,
            username=author.username,
            content=content,
            message_type="message",
            badges=BADGES[room.rank],
        )
