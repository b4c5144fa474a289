"""Tests that only `make slow` runs, since a quicker test checks the same promise."""

import os

import pytest

IS_SLOW = "LIVE_EMULATOR_TESTS_SLOW" in os.environ


def slow(reason: str) -> pytest.MarkDecorator:
    """Skip a test, or one of its rows; `reason` names the quicker test."""
    return pytest.mark.skipif(not IS_SLOW, reason=f"asked for by `make slow`: {reason}")
