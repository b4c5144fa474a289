"""Nothing that the platform is known to serve is missing."""

from pathlib import Path

import pytest

from emulator.core.errors import Refused
from emulator.web.api.table import ROUTER

_FILE = Path(__file__).parents[2] / "support/platform_rows.txt"
_LINES = [line for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
ROWS = [tuple(line.split()) for line in _LINES]


def test_the_list_is_whole() -> None:
    assert len(ROWS) == len(set(ROWS)) == 181


@pytest.mark.parametrize(("method", "path"), ROWS, ids=" ".join)
def test_a_row_is_served(method: str, path: str) -> None:
    try:
        operation, values = ROUTER.find(method, path)
    except Refused as refused:
        pytest.fail(f"{method} {path}: {refused.sentence}")

    # The names of the path lead to themselves: no literal segment stands where one belongs.
    assert [*values.values()] == [each for each in path.split("/") if each.startswith("{")]
    assert operation.method == method
