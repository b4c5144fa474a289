"""Options: values of flags that argparse reads, refused in one sentence each.

Each is a `type=` of `add_argument`.
"""

import argparse
from collections.abc import Callable
from typing import Any

from emulator.core import quantities


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


# `1m30s` or bare seconds, in milliseconds; and in seconds, more than none.
duration = _option(_duration)
seconds = _option(_positive_seconds)
frame_size = _option(quantities.frame_size)
bits_per_second = _option(quantities.bits_per_second)
