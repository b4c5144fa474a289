"""Belongings: all rows that belong to an account, from every table.

The schema says what belongs to whom, so a table that is added later is included too. A row belongs
to the user in its first column that refers to a user (`user_row`, `follower_row` ...); a row
without such a column belongs to the owner of its parent row.
"""

import json
from typing import Any

from msgspec import Struct

from emulator.world.people.accounts import User
from emulator.world.store.journal import Row, Store
from emulator.world.world import World

# Not exported: credentials, internal tables, and other people's viewing sessions.
LEFT_OUT = frozenset(
    {
        "api_keys",
        "audience_sessions",
        "backup_codes",
        "mail_tokens",
        "mails",
        "refresh_tokens",
        "retired_keys",
        "second_factors",
        "sessions",
        "users",
        "vods_to_index",
    }
)
_USERS = "users"


class Belongings(Struct, frozen=True):
    """Rows by table, the oldest first. The tables in `cut` have more rows than are listed."""

    rows: dict[str, list[dict[str, Any]]]
    cut: tuple[str, ...]


def of(world: World, user: User, rows_max: int) -> Belongings:
    """Return all rows that belong to the user, at most `rows_max` per table."""
    schema = _Schema(world.store)
    values: dict[str, list[dict[str, Any]]] = {}
    cut = []
    for table in sorted(schema.tables - LEFT_OUT):
        condition = schema.belonging(table)
        if condition is None:
            continue
        rows = world.store.rows(
            f"SELECT {schema.columns(table)} FROM {table} WHERE {condition} LIMIT ?2",
            user.pk,
            rows_max + 1,
        )
        lists = schema.json_columns(table)
        values[table] = [_values(row, lists) for row in rows[:rows_max]]
        if len(rows) > rows_max:
            cut.append(table)
    return Belongings(values, tuple(cut))


class _Schema:
    """The foreign keys and columns of all tables."""

    def __init__(self, store: Store) -> None:
        self._columns = store.columns()
        self._store = store
        self.tables = frozenset(self._columns)

    def belonging(self, table: str, seen: frozenset[str] = frozenset()) -> str | None:
        """The SQL condition for rows of the user (`?1`); None if the rows belong to nobody."""
        keys = self._keys(table)
        for key in keys:
            if key["table"] == _USERS:
                return f"{key['from']} = ?1"
        for key in keys:
            parent = key["table"]
            if parent in seen or parent == table:
                continue
            condition = self.belonging(parent, seen | {table})
            if condition:
                return f"{key['from']} IN (SELECT row FROM {parent} WHERE {condition})"
        return None

    def columns(self, table: str) -> str:
        """The exported columns of a table.

        Each reference by primary key is exported as the row's id.
        """
        targets = {key["from"]: key["table"] for key in self._keys(table)}
        columns = []
        for name in self._columns[table]:
            if name == "row":
                continue
            target = targets.get(name)
            if target is None:
                columns.append(name)
            elif "id" in self._columns[target]:
                other = f"(SELECT other.id FROM {target} AS other WHERE other.row = {table}.{name})"
                columns.append(f"{other} AS {name.removesuffix('_row')}_id")
        return ", ".join(columns)

    def json_columns(self, table: str) -> frozenset[str]:
        """The columns that contain a JSON list or object: their default value shows it."""
        rows = self._store.rows(
            "SELECT name FROM pragma_table_info(?) WHERE dflt_value IN (?, ?)",
            table,
            "'[]'",
            "'{}'",
        )
        return frozenset(row["name"] for row in rows)

    def _keys(self, table: str) -> list[Row]:
        """The foreign keys of a table, in the order of its columns."""
        position_of = self._columns[table].index
        keys = self._store.rows("SELECT * FROM pragma_foreign_key_list(?)", table)
        return sorted(keys, key=lambda key: position_of(key["from"]))


def _values(row: Row, json_columns: frozenset[str]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in json_columns else value
        for name, value in dict(row).items()
    }
