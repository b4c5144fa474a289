"""SQLite's query plans: whether a statement scans a whole table where an index could be used."""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import emulator
from emulator.world.store.database import open_database
from emulator.world.store.journal import Row, Store

_ASKING = {"rows", "row", "each", "number", "write", "insert", "update"}
# Harmless scans: of values in the statement itself, and of full text search, which is an index.
_HARMLESS = re.compile(r"json_each|CONSTANT ROW|VIRTUAL TABLE INDEX \d+:\S*[=M]|\(subquery-\d+\)")
# Full text search's own tables, lists that are always read whole, and the schema.
_WHOLE = re.compile(
    r"\b\w+_search_config\b|\bvods_to_index\b|\bwebhook_targets\b|\bsqlite_schema\b|\bpragma_\w+"
)
_OLD_OR_NEW = re.compile(r"\b(?:old|new)\.\w+")

_PACKAGE = Path(emulator.__file__).parent
_STORES = {__file__, str(_PACKAGE / "world/store/journal.py")}


class Site(NamedTuple):
    """A line of source code that calls the store."""

    path: str
    line: int


class WatchedStore(Store):
    """A store in memory that records each statement and the source line of its call."""

    def __init__(self) -> None:
        connection = open_database(":memory:")
        super().__init__(connection)
        self.statements: dict[str, tuple[object, ...]] = {}
        self.sites: set[Site] = set()

    def rows(self, sql: str, *values: object) -> list[Row]:
        self._remember(sql, values)
        return super().rows(sql, *values)

    def row(self, sql: str, *values: object) -> Row | None:
        self._remember(sql, values)
        return super().row(sql, *values)

    def each(self, sql: str, *values: object) -> Iterator[Row]:
        self._remember(sql, values)
        return super().each(sql, *values)

    def write(self, sql: str, *values: object) -> int:
        self._remember(sql, values)
        return super().write(sql, *values)

    def _remember(self, sql: str, values: tuple[object, ...]) -> None:
        frame = sys._getframe(2)
        while frame.f_code.co_filename in _STORES and frame.f_back:
            frame = frame.f_back
        if Path(frame.f_code.co_filename).is_relative_to(_PACKAGE):
            self.statements[sql] = values
            self.sites.add(Site(frame.f_code.co_filename, frame.f_lineno))

    def scans(self) -> list[str]:
        """Statements until now, including those of triggers, that scan a whole table."""
        plans = []
        for sql, values in self.statements.items():
            plans += [f"{walk}: {sql}" for walk in self.walks(sql, *values)]
        for name, body in _triggers(
            super().rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        ):
            count = body.count("?")
            plans += [f"{walk}: {name}" for walk in self.walks(body, *[None] * count)]
        return plans

    def walks(self, sql: str, *values: object) -> list[str]:
        """The steps of a statement's plan that scan a whole table."""
        steps = [row["detail"] for row in super().rows(f"EXPLAIN QUERY PLAN {sql}", *values)]
        # A scan in the order of an index and with a limit reads only as many rows as it returns.
        is_short = " LIMIT " in sql and not any("TEMP B-TREE" in step for step in steps)
        return [
            step
            for step in steps
            if step.startswith("SCAN")
            and not _HARMLESS.search(step)
            and not (is_short and "INDEX" in step)
        ]


def sites_in(paths: Iterable[Path], walking: Iterable[Callable[..., object]] = ()) -> set[Site]:
    """Every place in these files that calls the store: the first line of the call.

    Functions in `walking` scan whole tables on purpose and are left out.
    """
    plans = set()
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                is_store = isinstance(owner, ast.Attribute) and owner.attr == "store"
                if is_store and node.func.attr in _ASKING:
                    plans.add(Site(str(path), node.lineno))
    for function in walking:
        lines, first = inspect.getsourcelines(function)
        file = inspect.getfile(function)
        plans -= {Site(file, first + number) for number in range(len(lines))}
    return plans


def _triggers(rows: list[Row]) -> list[tuple[str, str]]:
    """Each statement of each trigger, with a parameter in place of each value of the row."""
    plans = []
    for name, sql in rows:
        body = sql.partition(" BEGIN")[2].rpartition("END")[0]
        for statement in filter(None, map(str.strip, body.split(";"))):
            plans.append((name, _OLD_OR_NEW.sub("?", statement)))
    return plans


class Overheard:
    """Records every statement that a store runs from now on, through SQLite's trace callback."""

    def __init__(self, store: Store) -> None:
        self._connection = store._connection
        self._heard: set[str] = set()
        self._connection.set_trace_callback(self._heard.add)

    def walks(self) -> list[str]:
        """The statements that scan a whole table, with the scan."""
        self._connection.set_trace_callback(None)
        with closing(WatchedStore()) as asked:
            return sorted(
                f"{walk}: {sql}"
                for sql in self._heard
                if sql.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE", "WITH"))
                for walk in asked.walks(sql)
                if not _WHOLE.search(walk if "pragma" not in sql else sql)
            )
