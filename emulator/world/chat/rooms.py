"""Rooms: the stream's state, chat settings and the author's rank, read when a line arrives.

There is one query for each author, and none while nothing changes (`known_rooms`): a flood needs
this thousands of times a second.
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

# Columns are read by position: SQLite searches a column name in all of them, for each value.
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

# Cached authors in all rooms together; one more empties the cache.
AUTHORS_MAX = 50_000
# The tables that a room is read from. Messages are not among them: `post` notes each line itself.
_TABLES = ("streams", "users", "chat_settings", "moderators", "bans", "follows")
# This column changes every few seconds while viewers arrive, and does not matter to the room.
_BUT = ("streams.peak_viewer_count",)

# Stands for a line that differs from the author's line before.
ALONE: deque[int] = deque(maxlen=0)


# Not frozen: a frozen struct takes three times as long to make, and `note` changes this one.
class Room(Struct):
    """A stream's chat as it stands for one author, whose last line was at `last_line_at_ms`.

    `last_lower` is that line in lower case: a line repeats another in whatever case.

    `ban_expires_at_ms` is None for a permanent ban. `is_follower` is only read in followers-only
    rooms. `is_open`: the stream has not ended, and the author is not banned. `is_plain`: no setting
    needs a check of this author (emote-only, followers-only, slow mode). `sieve` filters this
    author's lines; None if there is nothing to filter. `repeats_ms` are the times of the author's
    last equal lines; None before they are first needed. `ending` is the end of the journal's JSON
    of lines by `author`.
    """

    stream_pk: int
    stream_id: str
    status: Status
    settings: ChatSettings
    rank: Rank
    has_ban: bool
    ban_expires_at_ms: int | None
    last_line_at_ms: int | None
    last_lower: str | None
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
        """Whether the author's last line was the same text."""
        return content.lower() == self.last_lower

    def note(self, content: str, now_ms: int, repeats_max: int) -> None:
        """Note that the author has said a line. It need not be stored yet."""
        lower = content.lower()
        if lower != self.last_lower:
            self.repeats_ms = ALONE
        elif self.repeats_ms is ALONE:
            self.repeats_ms = deque((self.last_line_at_ms or 0, now_ms), maxlen=repeats_max)
        elif self.repeats_ms is None:
            # `repeats_ms` was not needed before, so the earlier lines are too old to count.
            self.repeats_ms = deque((now_ms,), maxlen=repeats_max)
        else:
            self.repeats_ms.append(now_ms)
        self.last_lower, self.last_line_at_ms = lower, now_ms


def enter(world: World, stream_id: str, author: User) -> Room:
    """Return the room as it stands for `author`.

    Refuses (`not_found`) an unknown or hidden stream, (`unauthorized`) a deleted account.
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
    (row, owner_pk, status, visibility, is_vip, ban_pk, expires_at_ms, *others) = record
    (last_at_ms, last_line, author_id, is_follower, is_set, *columns) = others
    is_owner = owner_pk == author.pk
    if visibility == "private" and not is_owner:
        raise Refused("not_found", "Stream not found")
    if author_id != author.id:
        raise Refused("unauthorized", "This account is gone")
    rank = "broadcaster" if is_owner else _rank(is_vip)
    settings = UNCHANGED if is_set is None else as_stored(*columns)
    is_vip_here, is_trusted = rank == "vip", may_moderate(rank)
    is_restricted = settings.is_followers_only or settings.slow_mode_seconds
    return Room(
        row,
        stream_id,
        status,
        settings,
        rank,
        ban_pk is not None,
        expires_at_ms,
        last_at_ms,
        None if last_line is None else last_line.lower(),
        bool(is_follower),
        is_open=status != "ended" and ban_pk is None,
        is_trusted=is_trusted,
        is_plain=not settings.is_emote_only and (is_vip_here or not is_restricted),
        length_max=settings.length_max,
        sieve=None if is_trusted else sieve_of(settings, is_vip=is_vip_here),
    )


def rank_of(world: World, stream: Stream, user: User | None) -> Rank:
    """Return the rank of a user in a stream's chat; `viewer` without a user."""
    if user is None:
        return "viewer"
    if user.pk == stream.user_pk:
        return "broadcaster"
    row = world.store.row(
        "SELECT is_vip FROM moderators WHERE stream_row = ? AND user_row = ?", stream.pk, user.pk
    )
    return _rank(row["is_vip"] if row else None)


def may_moderate(rank: Rank) -> bool:
    """Whether a rank may moderate. A VIP may not."""
    return rank in {"broadcaster", "moderator"}


def check_moderator(world: World, stream: Stream, user: User) -> Rank:
    """Return the rank of `user`. Refuses (`forbidden`) all but the owner and moderators."""
    rank = rank_of(world, stream, user)
    if not may_moderate(rank):
        raise Refused("forbidden", "Not authorized to moderate this chat")
    return rank


def _rank(is_vip: int | None) -> Rank:
    if is_vip is None:
        return "viewer"
    return "vip" if is_vip else "moderator"


class KnownRooms:
    """A cache of rooms by stream and author, valid while nothing that they are read from changes.

    Each line of a flood (a thousand per tick) would otherwise read the same from the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watch = store.watch(*_TABLES, but=_BUT)
        self._seen = self._watch.count
        self._rooms: dict[str, dict[str, Room]] = {}
        self._authors = 0
        self._next_pk: int | None = None

    def of(self, stream_id: str) -> dict[str, Room]:
        """Return a stream's room for each cached author, by the author's id. Read only."""
        if self._watch.count != self._seen:
            self._forget()
        return self._rooms.get(stream_id) or {}

    def keep(self, stream_id: str, author_id: str, room: Room) -> None:
        """Cache a room that was just read."""
        if self._watch.count != self._seen or self._authors >= AUTHORS_MAX:
            self._forget()
        self._rooms.setdefault(stream_id, {})[author_id] = room
        self._authors += 1

    def take_pks(self, count: int) -> range:
        """Reserve the primary keys of the next `count` lines."""
        if self._watch.count != self._seen:
            self._forget()
        first = self._next_pk
        if first is None:
            first = self._store.number("SELECT max(row) FROM messages") + 1
        self._next_pk = first + count
        return range(first, first + count)

    def _forget(self) -> None:
        # A deleted account or stream also deletes lines, whose primary keys may be used again.
        self._rooms, self._authors, self._next_pk = {}, 0, None
        self._seen = self._watch.count


def known_rooms(world: World) -> KnownRooms:
    """Return the cache of this world."""
    return world.memory(KnownRooms)
