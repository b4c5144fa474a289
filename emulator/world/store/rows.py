"""Rows of the store as structs."""

from collections.abc import Callable
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar, cast

from msgspec import Struct

from emulator.world.store.journal import Row

T = TypeVar("T", bound=Struct)


def read_row(kind: type[T], row: Row, **others: object) -> T:
    """Make a struct from a row: each field is a column; `pk` is `row`, `user_pk` is `user_row`.

    A bool is stored as 0 or 1. `others` are the values of the fields that are not columns.
    """
    columns, fields, truths = _plan(kind, tuple(others))
    values = list(columns(row))
    for index in truths:
        values[index] = bool(values[index])
    return kind(**dict(zip(fields, values, strict=True)), **others) if others else kind(*values)


@cache
def _plan(
    kind: type[Struct], others: tuple[str, ...]
) -> tuple[Callable[[Row], tuple[Any, ...]], tuple[str, ...], tuple[int, ...]]:
    """Return the reader of a row's columns, the fields they belong to, and which are bools."""
    types: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        types.update(getattr(base, "__annotations__", {}))
    fields = tuple(field for field in kind.__struct_fields__ if field not in others)
    truths = tuple(index for index, field in enumerate(fields) if types[field] is bool)
    columns = cast("Callable[[Row], tuple[Any, ...]]", itemgetter(*map(_column, fields)))
    return columns, fields, truths


def _column(field: str) -> str:
    return "row" if field == "pk" else field.removesuffix("pk") + "row" * field.endswith("_pk")
