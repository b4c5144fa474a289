"""Tables: many rows in one test case, for rows that need no set-up of their own.

`pytest.mark.parametrize` collects, sets up and reports each row; a table does that once. A row that
fails is a failed subtest with its name, and the rows after it are still tried.
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

    The fixtures are made once, before the first row, so a row sees the changes of earlier rows.
    Tables may be stacked: then every row of one is tried with every row of the other.
    """
    names = columns.replace(",", " ").split() if isinstance(columns, str) else [*columns]
    numbered = [*enumerate(rows)]
    assert numbered, "a table needs at least one row"

    def cases() -> Iterator[tuple[str, dict[str, Any]]]:
        # Names are made when rows are tried: making all of them would add a second to each
        # collection.
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
    """A row's name, and its values by column."""
    name = None
    if isinstance(row, _Param):
        assert not row.marks, "rows of a table cannot have marks"
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
