"""Durations as `clock advance` reads them."""

import argparse
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.cli.steering.clock import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", 1.5),
        ("250ms", 0.25),
        ("90s", 90),
        ("2h30m", 9_000),
        ("7d", 604_800),
        ("1d2h3m4s5ms", 93_784.005),
    ],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "-1", "1w", "h", "1h2", "1 h", "1e3", "nan", "٣s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not a duration"):
        seconds_of(text)


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with contextlib.suppress(argparse.ArgumentTypeError):
        assert seconds_of(text) >= 0
