"""Quantities as people write them: `2h30m`, `200/s`, `30%` and `1280x720`.

Pure functions from text to plain values. Each refuses (`ValueError`) with what would be right.
"""

import re
from collections.abc import Callable
from typing import Literal

from emulator.core.values import dataclass

Unit = Literal["", "ms", "/s", "%", "bit/s"]

DURATION_MAX_MS = 366 * 86_400_000
RATE_MAX = 1_000_000.0
BITS_MAX = 1_000_000_000

_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:d|h|ms|m|s))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(d|h|ms|m|s)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)/(ms|s|min|m|h)")
_PER_SECOND = {"ms": 1000.0, "s": 1.0, "min": 1 / 60, "m": 1 / 60, "h": 1 / 3600}
_SHARE = re.compile(r"(\d+(?:\.\d+)?)%")
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")
_BITS = re.compile(r"(\d+(?:\.\d+)?)([kM]?)(?:bit/s)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit, for arithmetic: milliseconds, per second, or a share of one."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        """As the parsers below read it again, whole numbers without a point."""
        value = self.value * 100 if self.unit == "%" else self.value
        text = str(int(value)) if value == int(value) else f"{value:.9f}".rstrip("0")
        return text + self.unit


def duration_ms(text: str) -> int:
    """`2h30m` in milliseconds."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no duration; write one like 250ms, 10s or 2h30m")
    parts = _DURATION_PART.findall(text)
    units = [list(_UNITS_MS).index(unit) for _, unit in parts]
    if units != sorted(set(units)):
        raise ValueError(f"{text[:40]!r} names a unit twice, or a larger one after a smaller one")
    found = round(sum(float(count) * _UNITS_MS[unit] for count, unit in parts))
    if found > DURATION_MAX_MS:
        raise ValueError(f"{text[:40]!r} is longer than a year")
    return found


def per_second(text: str) -> float:
    """`200/s` or `30/min` as a number a second."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no rate; write one like 200/s, 30/min or 5/h")
    found = float(match[1]) * _PER_SECOND[match[2]]
    if found > RATE_MAX:
        raise ValueError(f"{text[:40]!r} is more than a million a second")
    return found


def share(text: str) -> float:
    """`30%` as a fraction of one."""
    match = _SHARE.fullmatch(text)
    if match is None or float(match[1]) > 100:
        raise ValueError(f"{text[:40]!r} is no share; write one from 0% to 100%")
    return float(match[1]) / 100


def size(text: str) -> tuple[int, int]:
    """`1280x720` as width and height."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no picture size; write one like 1280x720")
    return int(match[1]), int(match[2])


def bits_per_second(text: str) -> int:
    """`2500k` or `6M` as bits a second."""
    match = _BITS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:40]!r} is no bit rate; write one like 800k or 6M")
    found = round(float(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]])
    if not 1 <= found <= BITS_MAX:
        raise ValueError(f"{text[:40]!r} is no bit rate from 1 to 1000M")
    return found


def quantity(text: str) -> Quantity:
    """A literal inside arithmetic."""
    for read, unit in _LITERALS:
        try:
            return Quantity(read(text), unit)
        except ValueError:
            continue
    raise ValueError(f"{text[:40]!r} is no number, duration, rate or share")


def clock_text(duration: int) -> str:
    """Milliseconds as `1h02m03s`, `2m30s`, `4.5s` or `250ms`: short, and read back the same."""
    if duration < 1000:
        return f"{duration}ms"
    seconds, rest = divmod(duration, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    if rest:
        return f"{text}{seconds}.{rest:03}".rstrip("0") + "s"
    return f"{text}{seconds}s" if seconds or not text else text


def _number(text: str) -> float:
    if not re.fullmatch(r"\d+(?:\.\d+)?", text):
        raise ValueError("no number")
    return float(text)


_LITERALS: tuple[tuple[Callable[[str], float], Unit], ...] = (
    (_number, ""),
    (duration_ms, "ms"),
    (per_second, "/s"),
    (share, "%"),
)
