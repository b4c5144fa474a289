"""The tests that have called each operation with success, recorded by the tests themselves."""

import json
from pathlib import Path

_FILE = Path(__file__).with_name("tested.json")


def tested_by() -> dict[str, list[str]]:
    """Return the test files by `METHOD path`, as of the last `make tested`."""
    try:
        values: dict[str, list[str]] = json.loads(_FILE.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return values
