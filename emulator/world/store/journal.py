"""Store: changes that happen whole or not at all, and the journal of what happened.

`change` is one transaction; what is emitted inside is journalled with it and published after the
commit, so nobody hears of a thing that a crash could undo. A change that the disk has no room for
is `Refused` (`unavailable`), and nothing of it is left.
"""

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple, NoReturn, cast

from emulator.core import causes
from emulator.core.errors import DISK_RETRY_SECONDS, Refused, disk_full
from emulator.core.events import Event
from emulator.core.events.bursts import Burst
from emulator.world.store.canonical import canonical
from emulator.world.store.database import open_copy, open_image
from emulator.world.store.write_counters import Watches, WriteCounter

Row = sqlite3.Row

_NOTHING_MORE = nullcontext()
# The machine's fault, not the statement's: no room, a disk that fails, a file system that became
# read-only, a file that cannot be opened. The low byte of a code is its kind (SQLite, Result
# Codes).
_UNWRITABLE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
)
# Rows of one INSERT: some hundreds of values, of which SQLite takes 32,766 (formerly 999).
_ROWS = 50
# Among so many of the journal's rows is the one with the latest instant.
_LAST = 1_000
# More than a line of chat takes.
_PROBE_BYTES = 8192
_ONE_ROW = re.compile(r"\bINSERT\b.*\bVALUES (\(\?(?:, \?){0,18}\))$", re.DOTALL)


class _Statements(NamedTuple):
    """What makes one piece of a change."""

    begin: str
    keep: str
    undo: tuple[str, ...]


_TRANSACTION = _Statements("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
# Inside the one transaction of a store that can go back to its mark.
_SAVEPOINT = _Statements(
    "SAVEPOINT change", "RELEASE change", ("ROLLBACK TO change", "RELEASE change")
)


class _ClosedConnection:
    """In a closed one's place: a request that still waited for something is refused."""

    def __getattr__(self, _: str) -> NoReturn:
        raise Refused("not_found", "This world is gone: it was dropped, or the emulator stops.")

    def close(self) -> None:
        """Twice is as good as once."""


class Store:
    """One world's facts. Used on one thread."""

    def __init__(
        self, connection: sqlite3.Connection, publish: Callable[[Event], None] | None = None
    ) -> None:
        self.publish = publish or _tell_nobody
        # For listeners that take a burst as a whole; else each of its events is published.
        self.publish_burst: Callable[[Burst], None] | None = None
        # Grows with every change, so that whatever was made of the facts is known to be stale.
        self.version = 0
        self.is_closed = False
        # Why the last change could not be written; None since one was.
        self.failure: Refused | None = None
        # How facts in memory go back with the change under way.
        self._undoing: list[Callable[[], object]] = []
        self._connection = connection
        self._statements = _TRANSACTION
        # Whose copy this store was when it was marked.
        self._marked: Store | None = None
        self._is_changing = False
        self._watches = Watches()
        # The number of the journal's last event, None where it has to be asked for.
        self._last_seq: int | None = None
        # Each with where it is collected: one change may be the work of many requests.
        self._emitted: list[tuple[Event | Burst, causes.Effects | None]] = []
        self._to_publish: deque[Event | Burst] = deque()
        self._is_publishing = False

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, *values: object) -> Iterator[sqlite3.Row]:
        """The rows one by one, for a caller that does not know how many it wants.

        Nothing may be written meanwhile.
        """
        yield from self._connection.execute(sql, values)

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        record: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return record

    def number(self, sql: str, *values: object) -> int:
        """The one whole number that the query gives, 0 where it gives none."""
        row = self.row(sql, *values)
        return int(row[0] or 0) if row else 0

    def last_at_ms(self) -> int:
        """When the last thing happened that the journal tells of; 0 where it is empty.

        Some things are journalled after they happened, so the last few are looked at.
        """
        return self.number(
            "SELECT max(at_ms) FROM events WHERE seq > (SELECT max(seq) FROM events) - ?", _LAST
        )

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
        """How often these tables are written to: what was read of them may be stale then.

        Writes to one of the columns `but` (`table.column`) alone do not count.
        """
        return self._watches.on(tables, but)

    def write(self, sql: str, *values: object) -> int:
        """Change rows, inside `change` only. Returns the key of the row that was inserted last."""
        if not self._is_changing:
            raise RuntimeError("a write stands outside `with store.change()`")
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
        """Make one change for each of `values`, inside `change` only."""
        if not self._is_changing:
            raise RuntimeError("a write stands outside `with store.change()`")
        if not values:
            return
        self._watches.note(sql)
        if len(values) >= _ROWS and (many := _of_rows(sql)):
            # A statement of many rows costs each of them a quarter less than one of its own.
            whole = len(values) - len(values) % _ROWS
            for begin in range(0, whole, _ROWS):
                rows = values[begin : begin + _ROWS]
                self._connection.execute(many, tuple(chain.from_iterable(rows)))
            values = values[whole:]
        self._connection.executemany(sql, values)

    def emit(self, event: Event | Burst) -> None:
        """Journal a fact with the change under way; others hear of it once that is committed."""
        if not self._is_changing:
            raise RuntimeError("an event was emitted outside `with store.change()`")
        self._emitted.append((event, causes.current()))

    def when_undone(self, undo: Callable[[], object]) -> None:
        """Call `undo` if the change under way fails: facts in memory then go back with the rest."""
        if not self._is_changing:
            raise RuntimeError("a change in memory stands outside `with store.change()`")
        self._undoing.append(undo)

    def note(self, act: Callable[[], object], *, is_seen: bool = True) -> bool:
        """Make a change that a reader causes without asking for it: that somebody has come.

        False where it could not be written: the reader is answered all the same.
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
        """All of the block, or nothing. A change inside a change belongs to the outer one.

        `is_seen`: answers that were made before may be stale now (`version`).
        """
        return _NOTHING_MORE if self._is_changing else self._whole(is_seen)

    @contextmanager
    def _whole(self, is_seen: bool) -> Iterator[None]:
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
            self._note_causes(entries)
            self.version += int(is_seen)
            self.failure = None
        except BaseException as error:
            self._emitted.clear()
            self._forget()
            self._undo()
            refusal = _unwritable(error)
            if refusal is None:
                raise
            self.failure = refusal
            raise refusal from error
        finally:
            self._is_changing = False
            self._undoing.clear()
        self._to_publish.extend(emitted for emitted, _ in self._emitted)
        self._emitted.clear()
        self._tell()

    def _undo(self) -> None:
        """Take back the change under way.

        SQLite does so by itself where it has no room (Result Codes, "SQLITE_FULL"); with a marked
        store all goes back to the mark then, and it is marked anew.
        """
        if self._connection.in_transaction:
            for statement in self._statements.undo:
                with suppress(sqlite3.OperationalError):  # It had not begun.
                    self._connection.execute(statement)
        elif self._marked is not None:
            self._connection.execute(_TRANSACTION.begin)
        for undo in reversed(self._undoing):
            undo()

    def check_writable(self) -> None:
        """Refuses (`unavailable`) while nothing can be written; else `failure` is None."""
        with self.change(is_seen=False):
            self.write("INSERT OR REPLACE INTO meta VALUES ('probe', zeroblob(?))", _PROBE_BYTES)
            self.write("DELETE FROM meta WHERE name = 'probe'")

    def load(self, source: "Store") -> None:
        """Become a copy of another store of the same program, journal and all.

        One that was `mark`ed as that store's copy takes back what was changed since: its pages
        that changed, and nothing else. Any other copies all pages, and reads the schema again.
        """
        if self._is_changing:
            raise RuntimeError("a store was loaded inside a change")
        is_near = self._marked is source
        if self._marked is not None:
            self._connection.execute("ROLLBACK")
            self._unmark()
        if not is_near:
            source._connection.backup(self._connection)
        self.version += 1
        self._forget()

    def copy(self) -> "Store":
        """A store in memory with the same facts, which tells nobody of what happens to it.

        A store that is marked is then marked as the copy's, since it is the same now.
        """
        if self._marked is None:
            return Store(open_copy(self._connection))
        # No other connection can read what is not committed.
        self._connection.execute("COMMIT")
        self._unmark()
        copy = Store(open_copy(self._connection))
        self.mark(copy)
        return copy

    @classmethod
    def of_image(cls, image: bytes) -> "Store":
        """A store in memory with the facts that another program of this version gave as `image`."""
        return cls(open_image(image))

    def image(self) -> bytes:
        """All facts as bytes, for `of_image`."""
        image = self._connection.serialize()
        # Bytes 18 and 19 say that there is a write-ahead log beside the file, and here is none
        # (SQLite, Database File Format, 1.3.3).
        return image[:18] + b"\x01\x01" + image[20:]

    def mark(self, source: "Store") -> None:
        """These facts are those of `source`: `load` may come back to them. For one in memory.

        All that follows is one transaction that nobody commits, so that SQLite itself keeps what
        each page of them was. On disk it would be lost with the process.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        self._statements, self._marked = _SAVEPOINT, source

    def _unmark(self) -> None:
        self._statements, self._marked = _TRANSACTION, None

    def close(self) -> None:
        self.version += 1
        self.is_closed = True
        self._forget()
        self._connection.close()
        self._connection = cast(sqlite3.Connection, _ClosedConnection())

    def _entries(self) -> list[tuple[int, int, str, str]]:
        """The journal's rows of what was emitted; `store.events` reads them.

        A burst is one row: its values a line each, under the number of its last event.
        """
        seq = self._last_seq
        if seq is None:
            seq = self.number("SELECT max(seq) FROM events")
        entries = []
        for emitted, _ in self._emitted:
            if isinstance(emitted, Event):
                seq += 1
                entries.append((seq, emitted.at_ms, type(emitted).__name__, canonical(emitted)))
            elif emitted.bodies:
                seq += len(emitted.bodies)
                entries.append(
                    (seq, emitted.at_ms, emitted.kind.__name__, "\n".join(emitted.bodies))
                )
        self._last_seq = seq
        return entries

    def _note_causes(self, entries: list[tuple[int, int, str, str]]) -> None:
        """Say of each event whose work it was, now that all of them are facts."""
        last_seqs = (entry[0] for entry in entries)
        for emitted, effects in self._emitted:
            count = 1 if isinstance(emitted, Event) else len(emitted.bodies)
            if count:
                last_seq = next(last_seqs)
                if effects is not None:
                    effects.add(last_seq - count + 1, last_seq)

    def _forget(self) -> None:
        """The facts are other ones than a moment ago."""
        self._last_seq = None
        self._watches.note_all()

    def _tell(self) -> None:
        """Publish in the order of the journal, also when a listener causes the next change."""
        if self._is_publishing:
            return
        self._is_publishing = True
        try:
            while self._to_publish:
                fact = self._to_publish.popleft()
                if isinstance(fact, Event):
                    self.publish(fact)
                elif self.publish_burst is not None:
                    self.publish_burst(fact)
                else:
                    for event in fact:
                        self.publish(event)
        finally:
            self._is_publishing = False


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


@cache
def _update(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE row = ?"


@lru_cache(maxsize=64)
def _of_rows(sql: str) -> str:
    """An INSERT of one row, for `_ROWS` of them; nothing for any other statement."""
    match = _ONE_ROW.search(sql)
    return sql + f", {match[1]}" * (_ROWS - 1) if match else ""


def _unwritable(error: BaseException) -> Refused | None:
    """What a caller is told of a change that the machine could not write; None of any other."""
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind not in _UNWRITABLE:
        return None
    if kind == sqlite3.SQLITE_FULL:
        return disk_full()
    return Refused(
        "unavailable",
        f"The database cannot be written ({error}). See to the disk of --data.",
        reason="disk_error",
        retry_after_seconds=DISK_RETRY_SECONDS,
    )


def _tell_nobody(_: Event) -> None:
    """The journal alone keeps what happens."""
