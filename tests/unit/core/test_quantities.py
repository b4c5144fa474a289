"""Quantities as people write them: what is valid, what is refused, and that all parsers agree."""

import argparse
import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from emulator.cli.lib import options
from emulator.core import quantities
from emulator.core.errors import Refused
from emulator.core.setting import Duration, Size
from emulator.scenario.language.values import kinds as scenario_kinds
from emulator.seeding import check as seeds
from emulator.web.admin.clock import ClockAdvance
from emulator.web.admin.streams.viewers import ViewersOrder
from emulator.world.audience.curves import Stay
from emulator.world.faults import values as faults
from tests.support.tables import table

PAGE = Path(__file__).parents[3] / "docs/reference/quantities.md"


@table(
    ("read", "written", "value"),
    [
        (quantities.share, "0.5%", 0.005),
        (quantities.share, "100 %", 1.0),
        (quantities.share, 0.3, 0.3),
        (quantities.share, "0", 0.0),
        (quantities.per_second, "200/s", 200.0),
        (quantities.per_second, "30/min", 0.5),
        (quantities.bits_per_second, "2500k", 2_500_000),
        (quantities.bits_per_second, "2.5M", 2_500_000),
        (quantities.bits_per_second, "6Mbit/s", 6_000_000),
        (quantities.bits_per_second, 800_000, 800_000),
        (quantities.size_bytes, "10GiB", 10 * 2**30),
        (quantities.size_bytes, "10Gi", 10 * 2**30),
        (quantities.size_bytes, "500MB", 500_000_000),
        (quantities.size_bytes, "2M", 2_000_000),
        (quantities.size_bytes, "1.5 kib", 1_536),
        (quantities.size_bytes, "77", 77),
        (quantities.size_bytes, "77b", 77),
        (quantities.frame_size, "1280x720", (1280, 720)),
        (quantities.number, "0.00001", 0.00001),
        (quantities.number, 0.00001, 0.00001),
    ],
)
def test_quantities_valid_text_is_read(
    read: Callable[[object], Any], written: object, value: Any
) -> None:
    assert read(written) == value


@table(
    ("read", "written", "message"),
    [
        (quantities.share, "120%", "invalid share '120%'; write it like 30% or 0.3"),
        (quantities.share, 30, "invalid share '30'; write it like 30% or 0.3"),
        (quantities.share, True, "invalid share 'True'"),
        (quantities.per_second, "200", "invalid rate '200'; write it like 200/s, 30/min or 5/h"),
        (quantities.per_second, "9999999/s", "more than a million a second"),
        (quantities.bits_per_second, "fast", "invalid bit rate 'fast'; write it like 800k or 6M"),
        (quantities.bits_per_second, "0", "it is from 1 to 1000M"),
        (quantities.size_bytes, "5 gigs", "invalid size '5 gigs'; write it like 500MB, 2M or"),
        (quantities.size_bytes, "5i", "invalid size '5i'"),
        (quantities.size_bytes, "-1", "invalid size '-1'"),
        (quantities.frame_size, "1280", "invalid picture size '1280'; write it like 1280x720"),
        (quantities.number, "1e3", "invalid number '1e3'"),
        (quantities.duration_ms, "101y", "invalid duration '101y'"),
        (quantities.duration_ms, "36601d", "longer than a hundred years"),
        (quantities.duration_ms, "x" * 99, "invalid duration '" + "x" * 40 + "';"),
    ],
)
def test_quantities_invalid_text_is_refused(
    read: Callable[[object], Any], written: object, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        read(written)


def _seed_ms(text: str) -> int:
    for error in seeds._duration(yaml.ScalarNode("", text, yaml.Mark("", 0, 0, 0, "", 0))):
        raise ValueError(error.message.removesuffix("."))
    return quantities.duration_ms(text)


def _pydantic(read: Callable[[str], Any]) -> Callable[[str], int]:
    def reader(text: str) -> int:
        try:
            return int(read(text))
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None

    return reader


def _stay_ms(text: str) -> int:
    try:
        return round(Stay.parse(f"fixed({text})").first)
    except Refused as refused:
        raise ValueError(refused.message.removesuffix(".")) from None


def _option_ms(text: str) -> int:
    try:
        return int(options.duration(text))
    except argparse.ArgumentTypeError as error:
        raise ValueError(str(error)) from None


# The parsers of durations, and whether they accept a bare number (in seconds).
READERS: dict[str, tuple[Callable[[str], int], bool]] = {
    "settings": (Duration("s").parse, True),
    "command": (_option_ms, True),
    "fault": (faults.duration, True),
    "clock": (
        _pydantic(lambda text: ClockAdvance.model_validate({"seconds": text}).seconds_ms),
        True,
    ),
    "viewers": (
        _pydantic(lambda text: ViewersOrder.model_validate({"count": 1, "for": text}).for_ms),
        True,
    ),
    "scenario": (_pydantic(TypeAdapter(scenario_kinds.Duration).validate_python), False),
    "seed": (_seed_ms, False),
    "stay": (_stay_ms, False),
}
DURATIONS: dict[str, int | None] = {
    "250ms": 250,
    "1.5s": 1_500,
    "10s": 10_000,
    "1m30s": 90_000,
    "1.5h": 5_400_000,
    "2h30m": 9_000_000,
    "1d": 86_400_000,
    "1d2h3m4s5ms": 93_784_005,
    "1m500ms": 60_500,
    "90s": 90_000,
    "0.5h": 1_800_000,
    "1 h": 3_600_000,
    "1h 30m": 5_400_000,
    " 10s ": 10_000,
    "0.25s": 250,
    "": None,
    "soon": None,
    "-10s": None,
    "10 parsecs": None,
    "3m2h": None,
    "1s1s": None,
    "1h2": None,
    "h": None,
    "1e3s": None,
    "infs": None,
    "٣s": None,
    "5S": None,
    "1w": None,
    "1;5s": None,
    "10s.": None,
}


@table("name", READERS)
@table("text", DURATIONS)
def test_quantities_every_duration_reader_agrees(name: str, text: str) -> None:
    read, _ = READERS[name]
    expected = DURATIONS[text]

    if expected is not None:
        assert read(text) == expected
    else:
        shown = "" if name == "stay" and not text else text
        message = f"invalid duration {shown!r}; write it like 500ms, 10s, 1m30s or 1.5h"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            read(text)


@table("name", READERS)
def test_quantities_bare_number_is_seconds_where_a_unit_is_implied(name: str) -> None:
    read, takes_bare = READERS[name]

    if takes_bare:
        assert read("90") == 90_000
        assert read("1.5") == 1_500
    else:
        with pytest.raises(ValueError, match=r"^invalid duration '90'; write it like"):
            read("90")


@given(st.integers(min_value=0, max_value=quantities.DURATION_MAX_MS))
def test_quantities_duration_text_reads_back_equal(duration: int) -> None:
    assert quantities.duration_ms(quantities.duration_text(duration)) == duration


@given(st.integers(min_value=0, max_value=10**15 - 1))
def test_quantities_size_text_reads_back_equal(size: int) -> None:
    assert Size().parse(quantities.size_text(size)) == size


@given(st.text(alphabet="0123456789.hmsdkMGiBx%/ ,-e", max_size=40) | st.text(max_size=20))
def test_quantities_any_text_is_read_or_refused(text: str) -> None:
    for read in (
        quantities.duration_ms,
        quantities.share,
        quantities.per_second,
        quantities.bits_per_second,
        quantities.size_bytes,
        quantities.frame_size,
        quantities.number,
    ):
        with contextlib.suppress(ValueError):
            read(text)


def test_quantities_examples_of_the_reference_page_are_read() -> None:
    readers = {
        "duration": quantities.duration_ms,
        "share": quantities.share,
        "rate": quantities.per_second,
        "bit rate": quantities.bits_per_second,
        "size": quantities.size_bytes,
        "picture size": quantities.frame_size,
    }
    rows = re.findall(r"^\| (\w[\w ]*) \| (`.*?`) \|", PAGE.read_text("utf-8"), re.MULTILINE)

    assert {kind for kind, _ in rows} == set(readers)
    for kind, examples in rows:
        for example in re.findall(r"`(.*?)`", examples):
            readers[kind](example)
