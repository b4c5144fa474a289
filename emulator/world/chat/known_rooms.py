"""Known rooms: what rooms were like for those who spoke there last, as long as it cannot change.

What a line meets is read from the store; of a flood's thousand lines a tick each would read the
same again.
"""

from typing import TYPE_CHECKING

from emulator.world.store.journal import Store

if TYPE_CHECKING:
    from emulator.world.chat.rooms import Room

# So many authors, in all rooms together; one more, and all are forgotten and read again.
AUTHORS_MAX = 50_000
# What a room is made of. Lines are not in it: who writes one down notes it in the room.
_TABLES = ("streams", "users", "chat_settings", "moderators", "bans", "follows")
# While a crowd comes, this grows every few seconds, and says nothing of the room.
_BUT = ("streams.peak_viewer_count",)


class KnownRooms:
    """Of one world."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watch = store.watch(*_TABLES, but=_BUT)
        self._seen = self._watch.count
        self._rooms: dict[str, dict[str, Room]] = {}
        self._authors = 0
        self._next_row: int | None = None

    def of(self, stream_id: str) -> "dict[str, Room]":
        """A stream's room as each author meets it, by the author's id. For reading."""
        if self._watch.count != self._seen:
            self._forget()
        return self._rooms.get(stream_id) or {}

    def keep(self, stream_id: str, author_id: str, room: "Room") -> None:
        """Remember what was just read."""
        if self._watch.count != self._seen or self._authors >= AUTHORS_MAX:
            self._forget()
        self._rooms.setdefault(stream_id, {})[author_id] = room
        self._authors += 1

    def take_rows(self, count: int) -> range:
        """The keys of the next lines that are written down, in this world's order."""
        if self._watch.count != self._seen:
            self._forget()
        first = self._next_row
        if first is None:
            first = self._store.number("SELECT max(row) FROM messages") + 1
        self._next_row = first + count
        return range(first, first + count)

    def _forget(self) -> None:
        # Whose account or stream goes takes lines along: their rows may be used again.
        self._rooms, self._authors, self._next_row = {}, 0, None
        self._seen = self._watch.count
