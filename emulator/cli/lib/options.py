"""Options: values of flags that argparse reads, refused in one sentence each.

Each is a `type=` of `add_argument`.
"""

import argparse
import re
from collections.abc import Callable
from typing import Any

from emulator.core import quantities


def option(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Make a `type=` of `read`, whose `ValueError` says what is wrong."""

    def read_option(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read_option


def whole_number(least: int, most: int) -> Callable[[str], Any]:
    """A `type=` for whole numbers from `least` to `most`, written in digits."""

    def read(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not is_number or not least <= int(text) <= most:
            raise ValueError(f"invalid number {text!r}: write {least} to {most}")
        return int(text)

    return option(read)


def _integer(text: str) -> int:
    if not re.fullmatch("-?[0-9]{1,18}", text):
        raise ValueError(f"invalid number {text!r}: write a whole number, such as 7")
    return int(text)


def pair(form: str) -> Callable[[str], Any]:
    """A `type=` for a name and its value, written in a form such as `NAME=VALUE`."""

    def read(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise ValueError(f"{text!r} is not {form}")
        return name, value

    return option(read)


def _speed(text: str) -> float:
    """Read a speed: `virtual` is 0, `real` 1, `10x` ten times as fast."""
    named = {"virtual": 0.0, "real": 1.0}
    if text in named:
        return named[text]
    try:
        value = float(text.removesuffix("x"))
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 10_000:
        raise ValueError(f"invalid speed {text!r}; write virtual, real or 10x")
    return value


def _duration(text: str) -> int:
    return quantities.duration_ms(text, bare="s")


def _positive_duration(text: str) -> int:
    duration_ms = _duration(text)
    if not duration_ms:
        raise ValueError(f"invalid duration {text!r}: it must be longer than 0")
    return duration_ms


# A whole number, of which 18 digits are read.
integer = option(_integer)
# `1m30s` or bare seconds, in milliseconds.
duration = option(_duration)
positive_duration = option(_positive_duration)
# A duration in seconds, above zero.
seconds = option(lambda text: _positive_duration(text) / 1000)
frame_size = option(quantities.frame_size)
# A number of repetitions.
count = whole_number(1, 1_000)
bits_per_second = option(quantities.bits_per_second)
# `virtual` is 0, where time stands; `real` 1; `10x` ten times as fast.
speed = option(_speed)
