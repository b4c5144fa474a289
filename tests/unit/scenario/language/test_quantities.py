"""Quantities as people write them."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.scenario.language.values import quantities
from emulator.scenario.language.values.arithmetic import resolve

VALUES = {"peak": 200, "length": "5m", "title": "Launch", "flow": "20/s", "part": "30%"}


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (quantities.duration_ms, "250ms", 250),
        (quantities.duration_ms, "1.5s", 1500),
        (quantities.duration_ms, "2h30m", 9_000_000),
        (quantities.per_second, "200/s", 200.0),
        (quantities.per_second, "30/min", 0.5),
        (quantities.share, "0.5%", 0.005),
        (quantities.size, "1280x720", (1280, 720)),
        (quantities.bits_per_second, "2500k", 2_500_000),
    ],
)
def test_a_quantity_is_read(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (quantities.duration_ms, "10"),
        (quantities.duration_ms, "-10s"),
        (quantities.duration_ms, "3m2h"),
        (quantities.duration_ms, "500d"),
        (quantities.per_second, "200"),
        (quantities.per_second, "9999999/s"),
        (quantities.share, "120%"),
        (quantities.size, "1280"),
        (quantities.bits_per_second, "fast"),
    ],
)
def test_what_is_no_quantity_is_refused(read: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"write |longer|unit twice|a million"):
        read(text)


@pytest.mark.parametrize(
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
def test_parameters_are_put_in_and_arithmetic_is_done(text: str, value: Any) -> None:
    assert resolve(text, VALUES) == value


@pytest.mark.parametrize("text", ["$peak + $length", "$peak / 0", "$length * $length", "($peak"])
def test_arithmetic_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"kinds|zero|nothing|bracket"):
        resolve(text, VALUES)


@given(st.integers(min_value=0, max_value=quantities.DURATION_MAX_MS))
def test_a_duration_that_is_written_reads_back_the_same(duration_ms: int) -> None:
    assert quantities.duration_ms(quantities.clock_text(duration_ms)) == duration_ms


@given(st.text(alphabet="0123456789.hms%/x() ,k$peak+-*", max_size=40))
def test_no_text_breaks_a_reader(text: str) -> None:
    for read in (
        quantities.duration_ms,
        quantities.per_second,
        quantities.share,
        quantities.bits_per_second,
        lambda found: resolve(found, {**dict.fromkeys(_words(found), 2), **VALUES}),
    ):
        try:
            read(text)
        except ValueError:
            continue


def _words(text: str) -> list[str]:
    from emulator.scenario.language.values.arithmetic import names_in

    return names_in(text)
