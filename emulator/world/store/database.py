"""Open a world's database and upgrade its schema; refuse a database from a newer program."""

import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from emulator.core.errors import Refused

# Errors that mean a damaged file; missing rights, a full disk or a lock are other errors. The low
# byte of a code is its kind (SQLite, Result Codes).
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# A file up to this size is checked completely, which takes 0.7 ms per megabyte.
_CHECKED_BYTES_MAX = 32 * 2**20
# Each of some 300 tables and indexes begins with a page, and most of them stay small: with SQLite's
# default of 4096 bytes a world takes 1.3 MiB instead of 0.7, and copying it takes twice as long.
# Large worlds are read equally fast with either size.
PAGE_BYTES = 1024
# Above this many pages in its log, SQLite itself copies them into the database while the event loop
# waits. `checkpoint` does so long before, unless changes follow each other without a pause.
_LOG_PAGES_MAX = 16 * 1024
# The part of a world in memory above this size is in a temporary file, which SQLite creates and
# removes.
CACHE_KIB = 128 * 1024
# Each page in memory takes some 280 bytes more. A world of more pages than this will soon need its
# temporary file.
TEMPORARY_FILE_PAGES = CACHE_KIB * 1024 * 9 // 10 // (PAGE_BYTES + 280)
# Changes of a world in memory are refused unless the file has room for so much more.
ROOM_PAGES = 16 * 2**20 // PAGE_BYTES

# The SQLite version that writes database images; empty if SQLite was built without `serialize`.
IMAGED_BY = sqlite3.sqlite_version if hasattr(sqlite3.Connection, "deserialize") else ""


def open_database(path: str) -> sqlite3.Connection:
    """Open (or create) the database at `path`; `:memory:` creates one in memory.

    Refuses (`unavailable`) a file from a newer version of this program, and a damaged file
    (`is_damaged`). A refused file is not changed.
    """
    try:
        is_copied = path == ":memory:" and IMAGED_BY
        return open_image(_empty()) if is_copied else _opened(path)
    except sqlite3.DatabaseError as error:
        raise Refused(
            "unavailable",
            f"{path} cannot be read as a database ({error}). Move it away to start with a new one, "
            "or choose another folder with --data.",
            is_damaged=getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE,
        ) from error


@cache
def _empty() -> bytes:
    """The image of an empty database, made once: running the schema takes tens of milliseconds."""
    with closing(_opened(":memory:")) as connection:
        return connection.serialize()


class _NumberedByName(sqlite3.Connection):
    """A connection that passes the values of `?1`, `?2` ... by name.

    Python 3.12.0 to 3.12.3 takes `?1` for a named parameter, and warns if values come as a sequence
    (CPython's gh-117995). With `-W error` that warning would fail a test suite.
    """

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute(sql, _by_name(parameters) if "?1" in sql else parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        return super().executemany(sql, map(_by_name, parameters) if "?1" in sql else parameters)


def _by_name(values: Sequence[object]) -> dict[str, object]:
    return {str(number): value for number, value in enumerate(values, 1)}


_IS_FIRST_312 = (3, 12) <= sys.version_info[:3] < (3, 12, 4)
_Connection = _NumberedByName if _IS_FIRST_312 else sqlite3.Connection


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, factory=_Connection)
    connection.row_factory = sqlite3.Row
    return connection


def _opened(path: str) -> sqlite3.Connection:
    connection = _connect(path)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        # This only reads. The journal mode is stored in the file, and a refused file must not
        # change.
        steps = _steps_ahead(connection, path)
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES_MAX}")
        connection.execute("PRAGMA foreign_keys = ON")
        if steps:
            connection.executescript(_as_one(steps))
    except BaseException:
        connection.close()
        raise
    return connection


def checkpoint(path: str) -> None:
    """Copy the write-ahead log into the database, on any thread.

    Others read and write in the meantime (SQLite, `PRAGMA wal_checkpoint`, PASSIVE). Refuses
    (`unavailable`) if the disk fails.
    """
    try:
        with closing(_connect(path)) as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.DatabaseError as error:
        raise Refused("unavailable", f"{path}: {error}") from error


def open_copy(source: sqlite3.Connection) -> sqlite3.Connection:
    """Open a copy of `source` in memory. Pages are copied; the schema is not run.

    The part above the size of the cache is in a temporary file (an empty name: SQLite, "Temporary
    Databases").
    """
    connection = _connect("")
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")
        copy_pages(source, connection)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def is_in_memory(connection: sqlite3.Connection) -> bool:
    return not connection.execute("PRAGMA database_list").fetchone()["file"]


def pages_of(connection: sqlite3.Connection) -> int:
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    return pages


def try_temporary_file(pages: int) -> None:
    """Write so many pages to a temporary file of SQLite's, or raise its error."""
    with closing(_connect("")) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("CREATE TABLE attempt (content BLOB)")
        connection.execute("INSERT INTO attempt VALUES (zeroblob(?))", (pages * PAGE_BYTES,))


def copy_pages(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Overwrite `target` with `source`, page by page."""
    source.backup(target)
    if is_in_memory(target):
        # SQLite forgets it with the schema, which is another one now.
        target.execute(f"PRAGMA cache_size = -{CACHE_KIB}")


def open_foreign(path: str) -> sqlite3.Connection:
    """Copy a database of unknown origin into memory, upgraded to this program's schema.

    Refuses (`unavailable`) what `open_database` refuses, and a database whose tables, indexes and
    triggers differ from this program's in any letter: foreign triggers must not run here.
    """
    with closing(open_database(path)) as connection, closing(open_database(":memory:")) as fresh:
        try:
            if _schema(connection) != _schema(fresh):
                raise Refused(
                    "unavailable", f"{path} has a schema that differs from this program's."
                )
            return open_copy(connection)
        except sqlite3.DatabaseError as error:
            raise Refused(
                "unavailable", f"{path} cannot be read as a database ({error})."
            ) from error


def open_image(image: bytes) -> sqlite3.Connection:
    """Open a database in memory from the bytes that `Connection.serialize` returned."""
    connection = _connect(":memory:")
    try:
        connection.deserialize(image)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _schema(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return {tuple(row) for row in rows}


def _check(connection: sqlite3.Connection) -> None:
    """Raise the error of a damaged database before anything uses it."""
    pages: int = connection.execute("PRAGMA page_count").fetchone()[0]
    page_bytes: int = connection.execute("PRAGMA page_size").fetchone()[0]
    if pages * page_bytes > _CHECKED_BYTES_MAX:
        return
    text: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if text != "ok":
        damaged = sqlite3.DatabaseError(" ".join(text.split()))
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged


def _scripts() -> list[str]:
    """The schema's SQL scripts in order; each upgrades the schema by one version."""
    folder = Path(__file__).with_name("schema")
    return [path.read_text("utf-8") for path in sorted(folder.glob("*.sql"))]


def _mark(scripts: Sequence[str]) -> int:
    """A checksum of the scripts that a database ran: it tells apart equal version numbers.

    It is stored as SQLite's `application_id`, which has 31 usable bits.
    """
    return crc32("".join(scripts).encode()) & 0x7FFFFFFF


def _as_one(steps: Iterable[str]) -> str:
    """Join the scripts in one transaction: if an upgrade fails, the file stays as it was."""
    return "\n".join(["BEGIN;", *steps, "COMMIT;"])


def check_schema(path: Path) -> None:
    """Read a database's schema without changing the file or its folder.

    Refuses (`unavailable`) one that this program cannot use, and one that is damaged.
    """
    try:
        # Immutable: neither a lock nor the log's files are made.
        with closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as connection:
            _steps_ahead(connection, str(path))
    except sqlite3.DatabaseError as error:
        message = f"{path} cannot be read as a database ({error})."
        raise Refused("unavailable", message, is_damaged=True) from None


def _steps_ahead(connection: sqlite3.Connection, path: str) -> list[str]:
    """The scripts that this database has not run; each also sets the new version and checksum."""
    scripts = _scripts()
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(scripts):
        raise Refused(
            "unavailable",
            f"{path} was written by a newer live-emulator (its schema is {version}, this program "
            f"knows {len(scripts)}). Upgrade, or choose another folder with --data.",
        )
    mark: int = connection.execute("PRAGMA application_id").fetchone()[0]
    if version and mark != _mark(scripts[:version]):
        raise Refused(
            "unavailable",
            f"{path} was written by an unreleased live-emulator with another schema. Move it away "
            "to start with a new one, or choose another folder with --data.",
        )
    return [
        f"{scripts[taken]}\nPRAGMA user_version = {taken + 1};\n"
        f"PRAGMA application_id = {_mark(scripts[: taken + 1])};"
        for taken in range(version, len(scripts))
    ]
