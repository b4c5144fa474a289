"""Options: values of flags that argparse reads, refused in one sentence each.

Each is a `type=` of `add_argument`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from emulator.core import quantities

COUNT_MAX = 1_000


def _option(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def option(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return option


def _duration(text: str) -> int:
    return quantities.duration_ms(text, bare="s")


def _positive_seconds(text: str) -> float:
    duration_ms = _duration(text)
    if not duration_ms:
        raise ValueError(f"invalid duration {text!r}: it must be longer than 0")
    return duration_ms / 1000


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= COUNT_MAX):
        raise ValueError(f"invalid number {text!r}: write 1 to {COUNT_MAX}")
    return int(text)


# `1m30s` or bare seconds, in milliseconds; and in seconds, more than none.
duration = _option(_duration)
seconds = _option(_positive_seconds)
frame_size = _option(quantities.frame_size)
# How often something is done.
count = _option(_count)
bits_per_second = _option(quantities.bits_per_second)
