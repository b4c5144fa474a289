"""Programs that tests need and that may be missing: the test is then skipped, or fails in CI."""

import os
import shutil
from typing import NoReturn

import pytest


def need(program: str, *others: str) -> str:
    """The path of `program` (or of the first of `others` that is installed).

    Without any, the test is skipped, or fails if LIVE_EMULATOR_TESTS_PEERS is `required`.
    """
    names = (program, *others)
    for name in names:
        text = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if text:
            return text
    lacking(f"{' or '.join(names)} is not installed")


def lacking(reason: str) -> NoReturn:
    """Skip the test, or fail it if LIVE_EMULATOR_TESTS_PEERS is `required`."""
    if os.environ.get("LIVE_EMULATOR_TESTS_PEERS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
