"""Tests that `make slow` runs and `make test` leaves out, for another there keeps their promise."""

import os

import pytest

IS_SLOW = "LIVE_EMULATOR_TESTS_SLOW" in os.environ


def slow(reason: str) -> pytest.MarkDecorator:
    """Skips a test, or one of its rows; `reason` says what keeps its promise meanwhile."""
    return pytest.mark.skipif(not IS_SLOW, reason=f"asked for by `make slow`: {reason}")
