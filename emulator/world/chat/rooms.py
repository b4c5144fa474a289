"""Rooms: what a line meets when it comes in: the stream's state, its settings, the author's rank.

One query for each author, and none while nothing changes (`known_rooms`): a flood asks thousands of
times a second.
"""

from collections import deque
from typing import Literal

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.chat.filters import Sieve
from emulator.world.chat.settings import COLUMNS, UNCHANGED, ChatSettings, as_stored, sieve_of
from emulator.world.live.moves import Status
from emulator.world.live.streams import Stream
from emulator.world.people.accounts import User
from emulator.world.store.journal import Store
from emulator.world.world import World

Rank = Literal["broadcaster", "moderator", "vip", "viewer"]

# Read by position: a name would be looked for among all of them, for each value of each line.
_ROOM = f"""
SELECT streams.row, streams.user_row, streams.status, streams.visibility,
    moderators.is_vip, bans.row, bans.expires_at_ms, last.created_at_ms, last.content,
    (SELECT id FROM users WHERE users.row = ?2),
    CASE chat_settings.is_followers_only WHEN 1 THEN EXISTS (SELECT 1 FROM follows
        WHERE follower_row = ?2 AND followed_row = streams.user_row) ELSE 0 END,
    chat_settings.stream_row, {COLUMNS}
FROM streams
LEFT JOIN chat_settings ON chat_settings.stream_row = streams.row
LEFT JOIN moderators ON moderators.stream_row = streams.row AND moderators.user_row = ?2
LEFT JOIN bans ON bans.stream_row = streams.row AND bans.user_row = ?2
LEFT JOIN messages AS last ON last.row =
    (SELECT max(row) FROM messages WHERE user_row = ?2 AND stream_row = streams.row)
WHERE streams.id = ?1
"""

# So many authors, in all rooms together; one more, and all are forgotten and read again.
AUTHORS_MAX = 50_000
# What a room is made of. Lines are not in it: `post` notes each one in the room.
_TABLES = ("streams", "users", "chat_settings", "moderators", "bans", "follows")
# While a crowd comes, this grows every few seconds, and says nothing of the room.
_BUT = ("streams.peak_viewer_count",)

# Of a line that is not the one before it again.
ALONE: deque[int] = deque(maxlen=0)


# Not frozen, which would take three times as long to make; and what is said is noted in it.
class Room(Struct):
    """A stream's chat, as it stands for one author, who said `last_line` at `last_line_at_ms`.

    `ban_expires_at_ms` is None for a ban for good. `is_follower` is known where it is asked for.
    `is_open`: it has not ended, and its author is not banned. `is_plain`: it asks for nothing that
    this author has to be looked at for. `sieve` is what filters this author's lines, None where
    nothing does. `repeats_ms` are the times of the author's last lines that were the same, None
    while nobody has asked. `ending` is what the journal writes at the end of lines of `author`.
    """

    stream_pk: int
    status: Status
    settings: ChatSettings
    rank: Rank
    has_ban: bool
    ban_expires_at_ms: int | None
    last_line_at_ms: int | None
    last_line: str | None
    is_follower: bool
    is_open: bool
    is_trusted: bool
    is_plain: bool
    length_max: int
    sieve: Sieve | None
    repeats_ms: deque[int] | None = None
    author: User | None = None
    ending: str = ""

    def is_last(self, content: str) -> bool:
        """Whether the author has just said the same."""
        last = self.last_line
        return last is not None and (last == content or last.lower() == content.lower())

    def note(self, content: str, now_ms: int, repeats_max: int) -> None:
        """The author has said a line. It need not be written down yet."""
        if not self.is_last(content):
            self.repeats_ms = ALONE
        elif self.repeats_ms is ALONE:
            self.repeats_ms = deque((self.last_line_at_ms or 0, now_ms), maxlen=repeats_max)
        elif self.repeats_ms is None:
            # Nobody has asked, so what was said before is too long ago to count.
            self.repeats_ms = deque((now_ms,), maxlen=repeats_max)
        else:
            self.repeats_ms.append(now_ms)
        self.last_line, self.last_line_at_ms = content, now_ms


def enter(world: World, stream_id: str, author: User) -> Room:
    """The room as `author` meets it.

    Refuses (`not_found`) an unknown or hidden stream, (`unauthorized`) an account that is gone.
    """
    room = known_rooms(world).of(stream_id).get(author.id)
    if room is None:
        room = _read(world, stream_id, author)
        known_rooms(world).keep(stream_id, author.id, room)
    return room


def _read(world: World, stream_id: str, author: User) -> Room:
    record = world.store.row(_ROOM, stream_id, author.pk)
    if record is None:
        raise Refused("not_found", "Stream not found")
    (row, owner_pk, status, visibility, is_vip, ban_pk, expires_at_ms, *rest) = record
    (last_at_ms, last_line, author_id, is_follower, is_set, *columns) = rest
    is_owner = owner_pk == author.pk
    if visibility == "private" and not is_owner:
        raise Refused("not_found", "Stream not found")
    if author_id != author.id:
        raise Refused("unauthorized", "This account is gone")
    rank = "broadcaster" if is_owner else _rank(is_vip)
    settings = UNCHANGED if is_set is None else as_stored(*columns)
    is_vip_here, is_trusted = rank == "vip", may_moderate(rank)
    is_asked = settings.is_followers_only or settings.slow_mode_seconds
    return Room(
        row,
        status,
        settings,
        rank,
        ban_pk is not None,
        expires_at_ms,
        last_at_ms,
        last_line,
        bool(is_follower),
        is_open=status != "ended" and ban_pk is None,
        is_trusted=is_trusted,
        is_plain=not settings.is_emote_only and (is_vip_here or not is_asked),
        length_max=settings.length_max,
        sieve=None if is_trusted else sieve_of(settings, is_vip=is_vip_here),
    )


def rank_of(world: World, stream: Stream, user: User | None) -> Rank:
    """What somebody is in a stream's chat."""
    if user is None:
        return "viewer"
    if user.pk == stream.user_pk:
        return "broadcaster"
    row = world.store.row(
        "SELECT is_vip FROM moderators WHERE stream_row = ? AND user_row = ?", stream.pk, user.pk
    )
    return _rank(row["is_vip"] if row else None)


def may_moderate(rank: Rank) -> bool:
    """A VIP is known in the room, but keeps no order in it."""
    return rank in {"broadcaster", "moderator"}


def check_moderator(world: World, stream: Stream, user: User) -> Rank:
    """What `user` is. Refuses (`forbidden`) a user that is neither the owner nor a moderator."""
    rank = rank_of(world, stream, user)
    if not may_moderate(rank):
        raise Refused("forbidden", "Not authorized to moderate this chat")
    return rank


def _rank(is_vip: int | None) -> Rank:
    if is_vip is None:
        return "viewer"
    return "vip" if is_vip else "moderator"


class KnownRooms:
    """What rooms were like for those who spoke there last, as long as it cannot change.

    What a line meets is read from the store; of a flood's thousand lines a tick each would read
    the same again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watch = store.watch(*_TABLES, but=_BUT)
        self._seen = self._watch.count
        self._rooms: dict[str, dict[str, Room]] = {}
        self._authors = 0
        self._next_pk: int | None = None

    def of(self, stream_id: str) -> dict[str, Room]:
        """A stream's room as each author meets it, by the author's id. For reading."""
        if self._watch.count != self._seen:
            self._forget()
        return self._rooms.get(stream_id) or {}

    def keep(self, stream_id: str, author_id: str, room: Room) -> None:
        """Remember what was just read."""
        if self._watch.count != self._seen or self._authors >= AUTHORS_MAX:
            self._forget()
        self._rooms.setdefault(stream_id, {})[author_id] = room
        self._authors += 1

    def take_pks(self, count: int) -> range:
        """The keys of the next lines that are written down, in this world's order."""
        if self._watch.count != self._seen:
            self._forget()
        first = self._next_pk
        if first is None:
            first = self._store.number("SELECT max(row) FROM messages") + 1
        self._next_pk = first + count
        return range(first, first + count)

    def _forget(self) -> None:
        # Whose account or stream goes takes lines along: their rows may be used again.
        self._rooms, self._authors, self._next_pk = {}, 0, None
        self._seen = self._watch.count


def known_rooms(world: World) -> KnownRooms:
    """Those of this world."""
    return world.memory(KnownRooms)
