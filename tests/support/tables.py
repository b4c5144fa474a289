"""Tables: many rows in one test case, for rows that need no set-up of their own.

What `pytest.mark.parametrize` collects, sets up and reports once a row is done here once a table.
A row that fails is a subtest that fails, by its name; the rows after it are tried all the same.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

Test = Callable[..., Any]
Ids = Callable[[Any], object] | Sequence[str] | None

_Param = type(pytest.param())
_NAME_LENGTH_MAX = 80


def table(
    columns: str | Sequence[str], rows: Iterable[Any], ids: Ids = None
) -> Callable[[Test], Test]:
    """Try each row in turn. The arguments are those of `pytest.mark.parametrize`.

    The test's fixtures are made once, before the first row: what a row changes, the next one meets.
    Tables may be stacked: then every row of one is tried with every row of the other.
    """
    names = columns.replace(",", " ").split() if isinstance(columns, str) else [*columns]
    numbered = [*enumerate(rows)]
    assert numbered, "a table without rows tries nothing"

    def cases() -> Iterator[tuple[str, dict[str, Any]]]:
        # Named as they are tried: the texts of all rows would take a second of each collection.
        return (_case(names, row, ids, number) for number, row in numbered)

    def decorate(test: Test) -> Test:
        parameters = inspect.signature(test).parameters
        is_stacked = "subtests" in parameters

        def arguments(
            row: dict[str, Any], subtests: pytest.Subtests, fixtures: dict[str, Any]
        ) -> dict[str, Any]:
            return row | fixtures | ({"subtests": subtests} if is_stacked else {})

        @functools.wraps(test)
        def try_rows(subtests: pytest.Subtests, **fixtures: Any) -> None:
            for name, row in cases():
                with subtests.test(name):
                    test(**arguments(row, subtests, fixtures))

        @functools.wraps(test)
        async def try_rows_async(subtests: pytest.Subtests, **fixtures: Any) -> None:
            for name, row in cases():
                with subtests.test(name):
                    await test(**arguments(row, subtests, fixtures))

        whole: Any = try_rows_async if inspect.iscoroutinefunction(test) else try_rows
        asked = [each for name, each in parameters.items() if name not in (*names, "subtests")]
        subtests = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        whole.__signature__ = inspect.Signature([*asked, subtests])
        tried: Test = whole
        return tried

    return decorate


def _case(names: list[str], row: Any, ids: Ids, number: int) -> tuple[str, dict[str, Any]]:
    """A row's name, and its values by their columns."""
    name = None
    if isinstance(row, _Param):
        assert not row.marks, "a row of a table has no marks"
        values, name = tuple(row.values), row.id
    else:
        values = (row,) if len(names) == 1 else tuple(row)
    if name is None and callable(ids):
        name = " ".join(str(ids(value)) for value in values)
    elif name is None and isinstance(ids, Sequence):
        name = ids[number]
    elif name is None:
        name = " ".join(map(repr, values))
    return str(name)[:_NAME_LENGTH_MAX], dict(zip(names, values, strict=True))
