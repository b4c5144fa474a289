"""Arithmetic in a scenario: parameters and quantities with units."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.language.values.arithmetic import names_in, resolve
from tests.support.tables import table

VALUES = {"peak": 200, "length": "5m", "title": "Launch", "flow": "20/s", "part": "30%"}


@table(
    ("text", "value"),
    [
        ("$peak", 200),
        ("0.95 * $peak", 190),
        ("($peak + 1) / 2", 100.5),
        ("$length * 2", "600000ms"),
        ("$length - 30s", "270000ms"),
        ("$flow * $length", 6000),
        ("$part * $peak", 60),
        ("$length / 30s", 10),
        ("Welcome to $title!", "Welcome to Launch!"),
        ("${title}s for $$5", "Launchs for $5"),
        ("$title - $peak", "Launch - 200"),
        ("launch-$peak", "launch-200"),
    ],
)
def test_arithmetic_parameters_are_replaced_and_expressions_computed(text: str, value: Any) -> None:
    assert resolve(text, VALUES) == value


@table("text", ["$peak + $length", "$peak / 0", "$length * $length", "($peak"])
def test_arithmetic_senseless_expression_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"kinds|zero|cannot be|bracket"):
        resolve(text, VALUES)


@given(st.text(alphabet="0123456789.hms%/x() ,k$peak+-*", max_size=40))
def test_arithmetic_takes_any_text(text: str) -> None:
    with contextlib.suppress(ValueError):
        resolve(text, {**dict.fromkeys(names_in(text), 2), **VALUES})
