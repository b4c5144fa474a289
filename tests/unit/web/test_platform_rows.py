"""Nothing that the platform is known to serve is missing or answered differently."""

from pathlib import Path
from typing import NamedTuple

import pytest

from emulator.core.errors import Refused
from emulator.web.api.table import OPERATIONS, ROUTER
from tests.support.tables import table

_FILE = Path(__file__).parents[2] / "support/platform_rows.txt"
# A signed-in caller may get more than the known access; anonymous access stays anonymous.
_AUTH = {"-": {"public", "optional"}, "o": {"optional"}, "user": {"user"}}


class Row(NamedTuple):
    """One row of the file."""

    method: str
    path: str
    auth: str
    status: str
    provenances: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


ROWS = [
    Row(*line.split()) for line in _FILE.read_text("utf-8").splitlines() if not line.startswith("#")
]


def test_platform_rows_list_is_complete() -> None:
    assert len({(row.method, row.path) for row in ROWS}) == len(ROWS) == 190


@table("row", ROWS, ids=str)
def test_platform_rows_known_row_is_served_as_recorded(row: Row) -> None:
    try:
        operation, values = ROUTER.find(row.method, row.path)
    except Refused as refused:
        pytest.fail(f"{row}: {refused.message}")

    # The names in the path are routed to themselves: no literal segment stands in their place.
    assert [*values.values()] == [
        segment for segment in row.path.split("/") if segment.startswith("{")
    ]
    assert operation.method == row.method
    assert operation.status == int(row.status)
    assert operation.provenance in row.provenances.split(",")
    # A token of the call itself decides who may send an offer.
    if not row.path.endswith("/offer"):
        assert operation.auth in _AUTH[row.auth]


def test_platform_rows_other_routes_are_marked_as_assumed() -> None:
    numbers = {id(ROUTER.find(row.method, row.path)[0]) for row in ROWS}

    beside = [operation for operation in OPERATIONS if id(operation) not in numbers]
    assert {operation.provenance for operation in beside} <= {"assumed"}
