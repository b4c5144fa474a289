"""Open a world's database, bring its schema up to date, refuse one from a newer program."""

import sqlite3
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any
from zlib import crc32

from emulator.core.errors import Refused

# Not these: no rights, no room, a lock. The low byte of a code is its kind (SQLite, Result Codes).
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# All pages of a file up to this size are looked at, at 0.7 ms a megabyte.
_CHECKED_BYTES_MAX = 32 * 2**20
# Some 300 tables and indexes begin with a page each, and most stay small: with SQLite's usual 4096
# a world takes 1.3 MiB instead of 0.7, and twice as long to copy. Large worlds are read as fast.
_PAGE_BYTES = 1024

# Which SQLite writes images; empty where it was built without the means to.
IMAGED_BY = sqlite3.sqlite_version if hasattr(sqlite3.Connection, "deserialize") else ""


def open_database(path: str) -> sqlite3.Connection:
    """Open (or make) the database at `path`, or in memory for `:memory:`.

    Refuses (`unavailable`) a file of a newer version than this program knows, and one that is
    damaged (`is_damaged`): the file is left as it is.
    """
    try:
        is_copied = path == ":memory:" and IMAGED_BY
        return open_image(_empty()) if is_copied else _opened(path)
    except sqlite3.DatabaseError as error:
        raise Refused(
            "unavailable",
            f"{path} cannot be read as a database ({error}). Move it away to start anew, "
            "or choose another folder with --data.",
            is_damaged=getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE,
        ) from error


@cache
def _empty() -> bytes:
    """A database that nobody has written to: running its schema takes tens of milliseconds."""
    with closing(_opened(":memory:")) as connection:
        return connection.serialize()


class _NumberedByName(sqlite3.Connection):
    """The first releases of Python 3.12 take `?1` for a name and warn of it (CPython's gh-117995).

    So they get names: a warning would end what a suite runs with `-W error`.
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
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        # Only looked at: the journal's mode stands in the file, and what is refused stays as it is.
        steps = _steps_ahead(connection, path)
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        if steps:
            connection.executescript(_as_one(steps))
    except BaseException:
        connection.close()
        raise
    return connection


def open_copy(source: sqlite3.Connection) -> sqlite3.Connection:
    """A database in memory with the content of another: no schema is run, pages are copied."""
    connection = _connect(":memory:")
    try:
        source.backup(connection)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def open_foreign(path: str) -> sqlite3.Connection:
    """A copy in memory of a database that may be a stranger's, at this program's schema.

    Refuses (`unavailable`) what `open_database` refuses, and one whose tables, indexes and triggers
    are not this program's to the letter: nothing of a stranger's runs here.
    """
    with closing(open_database(path)) as connection, closing(open_database(":memory:")) as fresh:
        try:
            if _schema(connection) != _schema(fresh):
                raise Refused("unavailable", f"{path} has another schema than this program's.")
            return open_copy(connection)
        except sqlite3.DatabaseError as error:
            raise Refused(
                "unavailable", f"{path} cannot be read as a database ({error})."
            ) from error


def open_image(image: bytes) -> sqlite3.Connection:
    """A database in memory as `serialize` told it."""
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
    """Find damage before anybody builds on it."""
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
    """The schema's steps, in their order."""
    schema = resources.files("emulator.world.store").joinpath("schema")
    traversables = sorted(
        (traversable for traversable in schema.iterdir() if traversable.name.endswith(".sql")),
        key=_name,
    )
    return [traversable.read_text("utf-8") for traversable in traversables]


def _name(file: Traversable) -> str:
    return file.name


def _mark(scripts: Sequence[str]) -> int:
    """What tells a database that took these steps from one that took others of the same number.

    It is kept as SQLite's `application_id`, which has 31 bits to spare.
    """
    return crc32("".join(scripts).encode()) & 0x7FFFFFFF


def _as_one(steps: Iterable[str]) -> str:
    """All of the steps or none: a file that an upgrade failed on is as it was."""
    return "\n".join(["BEGIN;", *steps, "COMMIT;"])


def _steps_ahead(connection: sqlite3.Connection, path: str) -> list[str]:
    """The schema's steps that this database has not taken, each as a script that also says so."""
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
            f"{path} was written by a live-emulator from before this one's release, with another "
            "schema. Move it away to start anew, or choose another folder with --data.",
        )
    return [
        f"{scripts[taken]}\nPRAGMA user_version = {taken + 1};\n"
        f"PRAGMA application_id = {_mark(scripts[: taken + 1])};"
        for taken in range(version, len(scripts))
    ]
