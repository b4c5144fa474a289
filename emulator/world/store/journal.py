"""Store: changes that are written completely or not at all, and the journal of events.

`change` is one transaction; events emitted inside it are journalled with it and published after the
commit, so no listener receives an event that a crash could undo. A change that the disk has no room
for is `Refused` (`unavailable`), and nothing of it is written.
"""

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple, NoReturn, cast
from zlib import compress, decompress

from emulator.core import causes
from emulator.core.errors import DISK_RETRY_SECONDS, Refused, disk_full
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.world.store.canonical import canonical
from emulator.world.store.database import (
    CACHE_KIB,
    PAGE_BYTES,
    ROOM_PAGES,
    TEMPORARY_FILE_PAGES,
    copy_pages,
    is_in_memory,
    open_copy,
    open_image,
    pages_of,
    try_temporary_file,
)
from emulator.world.store.write_counters import WriteCounter, WriteCounters

Row = sqlite3.Row

_NOTHING_MORE = nullcontext()
# Errors of the machine and not of the statement: a full or failing disk, a file system that became
# read-only, a file that cannot be opened. The low byte of a code is its kind (SQLite, Result
# Codes).
_UNWRITABLE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)
# Rows per INSERT: some hundreds of values, of which SQLite accepts 32,766 (older versions 999).
_ROWS = (50, 10)
# The most events in one row of the journal: a reader always reads a whole row.
ROW_EVENTS_MAX = 500
# The latest time is looked for in this many of the journal's last rows.
_LAST = 1_000
# More bytes than a chat line needs.
_PROBE_BYTES = 8192
# Rows that a large world in memory may write before its size is looked at again.
_ROWS_UNCHECKED = 8
# Compressing this many bytes blocks the event loop for 10 ms.
_RESTING_BYTES_MAX = 2 * 2**20
_ONE_ROW = re.compile(r"\bINSERT\b.*\bVALUES (\(\?(?:, \?){0,18}\))$", re.DOTALL)


# A row of the journal as it is written: its number, time, kind and body (`store.events`).
JournalEntry = tuple[int, int, str, str]


class _Statements(NamedTuple):
    """The SQL statements that begin, keep and undo one change."""

    begin: str
    keep: str
    undo: tuple[str, ...]


_TRANSACTION = _Statements("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
# Used inside the one open transaction of a marked store (see `Store.mark`).
_SAVEPOINT = _Statements(
    "SAVEPOINT change", "RELEASE change", ("ROLLBACK TO change", "RELEASE change")
)


class _ClosedConnection:
    """Stands in for a closed connection: a request that still uses it is refused (`not_found`)."""

    def __getattr__(self, _: str) -> NoReturn:
        raise Refused(
            "not_found", "This world no longer exists: it was dropped, or the emulator is stopping."
        )

    def close(self) -> None:
        """Do nothing: closing twice is allowed."""


class Store:
    """The data of one world. Used on one thread only."""

    def __init__(
        self, connection: sqlite3.Connection, publish: Callable[[Event], None] | None = None
    ) -> None:
        self.publish = publish or _tell_nobody
        # Receives whole bursts, if set; otherwise each event of a burst is published alone.
        self.publish_burst: Callable[[Burst], None] | None = None
        # Called with True at the first use after a `look` or a rest, with False when it is closed.
        self.when_awake: Callable[[Store, bool], None] = _ignore
        # Grows with every change, so that a cache can see that its values are stale.
        self.version = 0
        self.is_closed = False
        # Why the last change could not be written; None if it was written.
        self.failure: Refused | None = None
        # Functions that undo changes of state in memory if the current transaction fails.
        self._undoing: list[Callable[[], object]] = []
        self._open: sqlite3.Connection | None = connection
        # The connection if it was not used since the last `look`; at rest, its compressed image.
        self._resting: sqlite3.Connection | bytes = b""
        self._statements = _TRANSACTION
        # The store of which this one was a copy when it was marked.
        self._marked: Store | None = None
        self._is_changing = False
        # The number of written rows, and the size, from which `_check_room` looks again.
        self._rows_unchecked, self._pages_unchecked = 0, TEMPORARY_FILE_PAGES
        self._watches = WriteCounters()
        # The number of the journal's last event; None if it has to be read first.
        self._last_seq: int | None = None
        self._emitted: list[Event | Burst] = []
        # The requests that caused some of them, by an event's position: one change may hold the
        # work of many requests.
        self._causes: dict[int, causes.Effects] = {}
        self._followers: list[Callable[[list[JournalEntry]], None]] = []
        self._to_publish: deque[Event | Burst] = deque()
        self._is_publishing = False

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        """Yield the rows one by one, for a caller that may stop early.

        Nothing may be written while the rows are read.
        """
        yield from self._connection.execute(sql, values)

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        record: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return record

    def number(self, sql: str, *values: object) -> int:
        """Return the single whole number that the query selects; 0 for no row or NULL."""
        row = self.row(sql, *values)
        return int(row[0] or 0) if row else 0

    def last_at_ms(self) -> int:
        """The latest time of an event in the journal; 0 if it is empty.

        Some events are journalled later than they happened, so the last `_LAST` rows are compared.
        """
        return self.number(
            "SELECT max(at_ms) FROM events WHERE seq > (SELECT max(seq) FROM events) - ?", _LAST
        )

    @property
    def rows_written(self) -> int:
        """Since it was opened; 0 once it is closed."""
        return 0 if self.is_closed else self._connection.total_changes

    def columns(self) -> dict[str, list[str]]:
        """The names of every table's columns."""
        rows = self.rows(
            "SELECT tables.name AS tbl, info.name AS col FROM sqlite_schema AS tables,"
            " pragma_table_info(tables.name) AS info WHERE tables.type = 'table'"
            " AND tables.sql NOT LIKE 'CREATE VIRTUAL%' AND tables.name NOT LIKE 'sqlite_%'"
        )
        values: dict[str, list[str]] = {}
        for row in rows:
            values.setdefault(row["tbl"], []).append(row["col"])
        return values

    def watch(self, *tables: str, but: tuple[str, ...] = ()) -> WriteCounter:
        """Return the counter of writes to these tables, for caches of their rows.

        A write that sets only one of the columns in `but` (`table.column`) does not count.
        """
        return self._watches.on(tables, but)

    def write(self, sql: str, *values: object) -> int:
        """Change rows, inside `change` only. Returns the key of the row that was inserted last."""
        if not self._is_changing:
            raise RuntimeError("a write outside of `with store.change()`")
        self._watches.note(sql)
        return self._connection.execute(sql, values).lastrowid or 0

    def insert(self, table: str, **columns: object) -> int:
        """Add a row, inside `change` only. Returns its key."""
        return self.write(_insert(table, tuple(columns)), *columns.values())

    def update(self, table: str, pk: int, **columns: object) -> None:
        """Change a row, inside `change` only. Names come from code, never from a request."""
        if columns:
            self.write(_update(table, tuple(columns)), *columns.values(), pk)

    def write_many(self, sql: str, values: Sequence[tuple[object, ...]]) -> None:
        """Run the statement once for each row of `values`, inside `change` only."""
        if not self._is_changing:
            raise RuntimeError("a write outside of `with store.change()`")
        if not values:
            return
        self._watches.note(sql)
        # In a statement of many rows, each row costs a quarter less than in a statement of its own.
        for count in _ROWS:
            if len(values) >= count and (many := _of_rows(sql, count)):
                whole = len(values) - len(values) % count
                for begin in range(0, whole, count):
                    rows = values[begin : begin + count]
                    self._connection.execute(many, tuple(chain.from_iterable(rows)))
                values = values[whole:]
        if values:
            self._connection.executemany(sql, values)

    def emit(self, event: Event | Burst) -> None:
        """Journal an event with the current change; listeners receive it after the commit."""
        if not self._is_changing:
            raise RuntimeError("an event was emitted outside of `with store.change()`")
        effects = causes.current()
        if effects is not None:
            self._causes[len(self._emitted)] = effects
        self._emitted.append(event)

    def follow(self, take: Callable[[list[JournalEntry]], None]) -> Callable[[], None]:
        """Call `take` with the journal's rows of each change, once they are committed.

        Cheaper than to read them again. Returns a function that ends it.
        """
        self._followers = [*self._followers, take]

        def end() -> None:
            self._followers = [other for other in self._followers if other is not take]

        return end

    def when_undone(self, undo: Callable[[], object]) -> None:
        """Call `undo` if the current change fails, to restore state in memory as well."""
        if not self._is_changing:
            raise RuntimeError("a change in memory outside of `with store.change()`")
        self._undoing.append(undo)

    def note(self, act: Callable[[], object], *, is_seen: bool = True) -> bool:
        """Make a change that a read request causes on the side, for example that a viewer has come.

        Returns False if it could not be written: the read request is answered all the same.
        """
        try:
            with self.change(is_seen=is_seen):
                act()
        except Refused as refused:
            if refused is not self.failure:
                raise
            return False
        return True

    def change(self, *, is_seen: bool = True) -> AbstractContextManager[None]:
        """One transaction: all changes of the block are written, or none.

        A change inside a change is part of the outer one. With `is_seen` the `version` grows, so
        cached answers become stale.
        """
        return _NOTHING_MORE if self._is_changing else self._whole(is_seen)

    @contextmanager
    def _whole(self, is_seen: bool) -> Iterator[None]:
        if self._connection.total_changes >= self._rows_unchecked or self.failure is not None:
            self._check_room()
        begin, keep, _ = self._statements
        self._is_changing = True
        try:
            self._connection.execute(begin)
            yield
            entries = self._entries()
            self._connection.executemany(
                "INSERT INTO events (seq, at_ms, kind, body) VALUES (?, ?, ?, ?)", entries
            )
            self._connection.execute(keep)
            if self._causes and entries:
                self._note_causes(entries[-1][0])
            self._causes.clear()
            self.version += int(is_seen)
            self.failure = None
        except BaseException as error:
            self._emitted.clear()
            self._causes.clear()
            self._forget()
            self._undo()
            refusal = self._unwritable(error)
            if refusal is None:
                raise
            self.failure = refusal
            raise refusal from error
        finally:
            self._is_changing = False
            self._undoing.clear()
        for follow in self._followers:
            follow(entries)
        self._to_publish.extend(self._emitted)
        self._emitted.clear()
        self._tell()

    def _undo(self) -> None:
        """Undo the current change.

        If the disk is full, SQLite has already rolled back by itself (Result Codes, "SQLITE_FULL").
        A marked store has then lost all changes since its mark, and its transaction begins again.
        """
        if self._connection.in_transaction:
            for statement in self._statements.undo:
                with suppress(sqlite3.OperationalError):  # The savepoint did not exist yet.
                    self._connection.execute(statement)
        elif self._marked is not None:
            self._connection.execute(_TRANSACTION.begin)
        for undo in reversed(self._undoing):
            undo()

    def _check_room(self) -> None:
        """Refuse (`unavailable`) a change in memory if a temporary file may have no room for it.

        If SQLite found that out within the change, it would undo the whole open transaction: all
        changes since the mark.
        """
        connection = self._connection
        pages = pages_of(connection)
        # Rows of a mebibyte each would not yet fill the memory.
        rows = max(_ROWS_UNCHECKED, (TEMPORARY_FILE_PAGES - pages) * PAGE_BYTES // 2**20)
        self._rows_unchecked = connection.total_changes + rows
        if self.failure is None and pages < self._pages_unchecked:
            return
        self._pages_unchecked = max(TEMPORARY_FILE_PAGES, pages + ROOM_PAGES // 2)
        if is_in_memory(connection):
            self._try_temporary_file(ROOM_PAGES)

    def _try_temporary_file(self, pages: int) -> None:
        """Refuse (`unavailable`) if SQLite cannot write so many pages to a temporary file."""
        try:
            try_temporary_file(pages)
        except sqlite3.DatabaseError as error:
            self.failure = self._unwritable(error)
            if self.failure is None:
                raise
            raise self.failure from error
        self._connection.execute("PRAGMA cache_spill = ON")

    def _unwritable(self, error: BaseException) -> Refused | None:
        """The refusal of a change that the machine could not write; None for any other error."""
        if not isinstance(error, sqlite3.DatabaseError):
            return None
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind not in _UNWRITABLE:
            return None
        is_full = kind == sqlite3.SQLITE_FULL
        if is_in_memory(self._connection):
            # Reads then need no room in the file.
            self._connection.execute("PRAGMA cache_spill = OFF")
            message = (
                f"This world is larger than {CACHE_KIB // 1024} MiB, and the temporary file for the"
                f" rest cannot be written ({error}). Free some space in the folder for temporary"
                " files (SQLITE_TMPDIR, TMPDIR or /var/tmp), or reset the world."
            )
        elif is_full:
            return disk_full()
        else:
            message = f"The database cannot be written ({error}). Check the disk of --data."
        return Refused(
            "unavailable",
            message,
            reason="disk_full" if is_full else "disk_error",
            retry_after_seconds=DISK_RETRY_SECONDS,
        )

    def check_writable(self) -> None:
        """Write a probe; sets `failure` to None.

        Refuses (`unavailable`) while nothing can be written.
        """
        with self.change(is_seen=False):
            self.write("INSERT OR REPLACE INTO meta VALUES ('probe', zeroblob(?))", _PROBE_BYTES)
            self.write("DELETE FROM meta WHERE name = 'probe'")

    def load(self, source: "Store") -> None:
        """Become a copy of another store of the same program, including its journal.

        If this store was `mark`ed as a copy of `source`, only the pages changed since are restored.
        Otherwise all pages are copied, and the schema is read again.
        """
        if self._is_changing:
            raise RuntimeError("a store was loaded inside a change")
        is_near = self._marked is source
        if self._marked is not None:
            self._connection.execute("ROLLBACK")
            self._unmark()
        if not is_near:
            copy_pages(source._connection, self._connection)
        self._rows_unchecked, self._pages_unchecked = 0, TEMPORARY_FILE_PAGES
        self.version += 1
        self._forget()

    def copy(self) -> "Store":
        """Copy this store into memory. The copy publishes no events.

        A marked store gets the copy as its new mark, because both are equal now. Refuses
        (`unavailable`) if either has to be in a temporary file for which there is no room.
        """
        if (pages := pages_of(self._connection)) > TEMPORARY_FILE_PAGES // 4:
            # At a commit SQLite writes what has changed if that is a quarter of its cache.
            self._try_temporary_file(2 * pages)
        if self._marked is None:
            return Store(open_copy(self._connection))
        # Uncommitted changes are invisible to other connections, so they are committed first.
        self._connection.execute("COMMIT")
        self._unmark()
        copy = Store(open_copy(self._connection))
        self.mark(copy)
        return copy

    @classmethod
    def of_image(cls, image: bytes) -> "Store":
        """Open a store in memory from an `image` that a program of the same version wrote."""
        return cls(open_image(image))

    def image(self) -> bytes:
        """Return the whole database as bytes, for `of_image`."""
        return _image(self._connection)

    def mark(self, source: "Store") -> None:
        """Remember that this store equals `source` now, so that `load(source)` is quick.

        In memory only.

        All later changes are one transaction that is never committed, so SQLite itself keeps the
        old content of each changed page. On disk these changes would be lost when the process ends.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        self._statements, self._marked = _SAVEPOINT, source

    def _unmark(self) -> None:
        self._statements, self._marked = _TRANSACTION, None

    def look(self) -> bool:
        """Return whether this store was used since the last look.

        The look takes the connection from its place, and the next use puts it back: no use is
        counted.
        """
        if self._open is None or self.is_closed:
            return False
        if not self._is_changing:
            self._resting, self._open = self._open, None
        return True

    def rest(self) -> bool:
        """Compress a store in memory; returns whether it did, which takes some 3 ms.

        The next use takes as much more, and the next `load` copies all pages. A store of more than
        `_RESTING_BYTES_MAX` is left as it is, and so is one inside a change.
        """
        self.look()
        connection = self._resting
        if self._open is not None or isinstance(connection, bytes):
            return False
        if pages_of(connection) * PAGE_BYTES > _RESTING_BYTES_MAX:
            return False
        if self._marked is not None:
            connection.execute("COMMIT")
            # It stays one transaction, but no other store has the pages that this one begins with.
            self._marked = self
        self._resting = compress(_image(connection), 1)
        connection.close()
        return True

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._open or self._wake()

    def _wake(self) -> sqlite3.Connection:
        resting, self._resting = self._resting, b""
        if isinstance(resting, bytes):
            with closing(open_image(decompress(resting))) as image:
                resting = open_copy(image)
            self._rows_unchecked = 0
            if self._marked is not None:
                resting.execute(_TRANSACTION.begin)
        self._open = resting
        self.when_awake(self, True)
        return resting

    def close(self) -> None:
        self.version += 1
        self.is_closed = True
        self._forget()
        if not isinstance(self._resting, bytes):
            self._resting.close()
        elif self._open is not None:
            self._open.close()
        self._open = cast(sqlite3.Connection, _ClosedConnection())
        self._marked = None
        self.when_awake(self, False)

    def _entries(self) -> list[JournalEntry]:
        """Return the journal's rows of the emitted events; `store.events` reads them.

        A burst is one row: the values of each event are one line, and the row has the last event's
        number. It joins the row before it, if that is of the same kind and instant.
        """
        seq = self._last_seq
        if seq is None:
            seq = self.number("SELECT max(seq) FROM events")
        entries: list[JournalEntry] = []
        before_row = seq
        for emitted in self._emitted:
            before, at_ms = seq, emitted.at_ms
            if isinstance(emitted, Event):
                seq, before_row = seq + 1, before
                entries.append((seq, at_ms, type(emitted).__name__, canonical(emitted)))
            elif emitted.bodies:
                seq += len(emitted.bodies)
                kind, body = emitted.kind.__name__, "\n".join(emitted.bodies)
                is_same = bool(entries) and entries[-1][1:3] == (at_ms, kind)
                if is_same and seq - before_row <= ROW_EVENTS_MAX:
                    body = f"{entries.pop()[3]}\n{body}"
                else:
                    before_row = before
                entries.append((seq, at_ms, kind, body))
        self._last_seq = seq
        return entries

    def _note_causes(self, last_seq: int) -> None:
        """Tell each request which events it caused, now that all up to `last_seq` are committed."""
        counts = [1 if isinstance(item, Event) else len(item.bodies) for item in self._emitted]
        before = last_seq - sum(counts)
        for number, count in enumerate(counts):
            if count and number in self._causes:
                self._causes[number].add(before + 1, before + count)
            before += count

    def _forget(self) -> None:
        """Mark all cached state as stale: the data were replaced or rolled back."""
        self._last_seq = None
        self._watches.note_all()

    def _tell(self) -> None:
        """Publish in the order of the journal, also if a listener makes the next change."""
        if self._is_publishing:
            return
        self._is_publishing = True
        try:
            while self._to_publish:
                emitted = self._to_publish.popleft()
                if isinstance(emitted, Event):
                    self.publish(emitted)
                elif self.publish_burst is not None:
                    self.publish_burst(emitted)
                else:
                    for event in emitted:
                        self.publish(event)
        finally:
            self._is_publishing = False


def _image(connection: sqlite3.Connection) -> bytes:
    image = connection.serialize()
    # Bytes 18 and 19 say that a write-ahead log belongs to the file. The image has none, so
    # they are reset to 1 (SQLite, Database File Format, 1.3.3).
    return image[:18] + b"\x01\x01" + image[20:]


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE row = ?"


@lru_cache(maxsize=64)
def _of_rows(sql: str, count: int) -> str:
    """Turn an INSERT of one row into one of `count` rows; empty for any other statement."""
    match = _ONE_ROW.search(sql)
    return sql + f", {match[1]}" * (count - 1) if match else ""


def _tell_nobody(_: Event) -> None:
    """Publish to nobody: events are only journalled."""


def _ignore(_: Store, __: bool) -> None:
    """Do nothing when the store goes to rest or wakes up."""
