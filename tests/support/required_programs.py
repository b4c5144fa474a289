"""Programs that tests meet and that may be missing: then the test is skipped, or fails in CI."""

import os
import shutil
from typing import NoReturn

import pytest


def need(program: str, *others: str) -> str:
    """The path of `program` (or of the first of `others` that is there).

    Where none is: skips the test, or fails it if LIVE_EMULATOR_TESTS_PEERS is `required`.
    """
    names = (program, *others)
    for name in names:
        text = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if text:
            return text
    lacking(f"{' or '.join(names)} is not installed")


def lacking(reason: str) -> NoReturn:
    """Skips the test, or fails it if LIVE_EMULATOR_TESTS_PEERS is `required`."""
    if os.environ.get("LIVE_EMULATOR_TESTS_PEERS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
