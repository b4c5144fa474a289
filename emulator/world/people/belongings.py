"""Belongings: all that an account owns, as rows of every table that belongs to it.

What belongs to whom is read from the schema, so that a noun that comes later is not forgotten: a
row is its first user's (`user_row`, `follower_row`, ...), and a row without one is its parent's.
"""

import json
from typing import Any

from msgspec import Struct

from emulator.world.people.accounts import User
from emulator.world.store.journal import Row, Store
from emulator.world.world import World

# Credentials are not exported, nor other viewers.
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
    """By table, the oldest rows first. Of the tables in `cut` there are more."""

    rows: dict[str, list[dict[str, Any]]]
    cut: tuple[str, ...]


def of(world: World, user: User, rows_max: int) -> Belongings:
    """Everything that is the user's, at the most `rows_max` rows of a table."""
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
    """What the tables say of each other."""

    def __init__(self, store: Store) -> None:
        self._columns = store.columns()
        self._store = store
        self.tables = frozenset(self._columns)

    def belonging(self, table: str, seen: frozenset[str] = frozenset()) -> str | None:
        """The condition under which a row is the user's (`?1`); None where no row is anybody's."""
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
        """What is told of a row: what it names by a number inside is told by its id."""
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
        """Those that hold a list or an object: their default says so."""
        rows = self._store.rows(
            "SELECT name FROM pragma_table_info(?) WHERE dflt_value IN (?, ?)",
            table,
            "'[]'",
            "'{}'",
        )
        return frozenset(row["name"] for row in rows)

    def _keys(self, table: str) -> list[Row]:
        """The users that a table's rows name, in the order of its columns."""
        order = self._columns[table].index
        keys = self._store.rows("SELECT * FROM pragma_foreign_key_list(?)", table)
        return sorted(keys, key=lambda key: order(key["from"]))


def _values(row: Row, json_columns: frozenset[str]) -> dict[str, Any]:
    return {
        name: json.loads(value) if name in json_columns else value
        for name, value in dict(row).items()
    }
