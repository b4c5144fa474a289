"""Quantities as people write them: `1m30s`, `30%`, `200/s`, `6M`, `500MB`, `1280x720`.

One grammar for settings, commands, scenarios, faults, seeds, viewers and the admin API:
docs/reference/quantities.md. Each function refuses (`ValueError`) with one sentence: what is wrong,
and how to write it. The caller checks its own range; only values that nobody could use are refused
here.
"""

import re
from typing import Literal

DURATION_MAX_MS = 100 * 366 * 86_400_000
RATE_MAX = 1_000_000.0
BITS_MAX = 1_000_000_000

_SHOWN_LENGTH_MAX = 40
# Texts, which `re` compiles with the first value that somebody writes: most starts read none.
_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
# Largest first: a duration names each unit once, in this order.
_DURATION = " ?".join(rf"(?:({_NUMBER}) ?{unit})?" for unit in ("d", "h", "m(?!s)", "s", "ms"))
_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000, 1)
_BARE_MS = {"s": 1_000, "ms": 1}
_RATE = rf"({_NUMBER})/(ms|s|min|m|h)"
_PER_SECOND = {"ms": 1000.0, "s": 1.0, "min": 1 / 60, "m": 1 / 60, "h": 1 / 3600}
_SHARE = rf"({_NUMBER}) ?(%?)"
_FRAME_SIZE = r"([0-9]{1,5})x([0-9]{1,5})"
_DECIMAL = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BITS = rf"(?i:({_NUMBER}) ?([kmg]?)(?:bit/s)?)"
_BYTES = rf"(?i:({_NUMBER}) ?([kmgt]?)(i?)(b?))"


def duration_ms(written: object, *, bare: Literal["", "s", "ms"] = "") -> int:
    """`250ms`, `10s`, `1m30s` or `1.5h` in whole milliseconds; or a bare number of `bare`.

    Refuses a unit that is repeated or out of order, a negative value, and more than a hundred
    years. `0` needs no unit.
    """
    text = _text(written)
    plain = re.fullmatch(_NUMBER, text)
    if plain and (bare or float(text) == 0):
        duration = float(text) * _BARE_MS.get(bare, 0)
    else:
        parts = re.fullmatch(_DURATION, text) if text and not plain else None
        if parts is None:
            raise _invalid("duration", written, "500ms, 10s, 1m30s or 1.5h")
        counts = zip(parts.groups(), _UNITS_MS, strict=True)
        duration = sum(float(count) * unit_ms for count, unit_ms in counts if count)
    if duration > DURATION_MAX_MS:
        raise ValueError(f"invalid duration {_shown(written)}: longer than a hundred years")
    return round(duration)


def number(written: object) -> float:
    """`8` or `0.5`, without a unit."""
    text = _text(written)
    if not re.fullmatch(_NUMBER, text):
        raise _invalid("number", written, "8 or 0.5")
    return float(text)


def share(written: object) -> float:
    """`30%` or `0.3` as a fraction of one, from 0 to 1."""
    parts = re.fullmatch(_SHARE, _text(written))
    fraction = float(parts[1]) / (100 if parts[2] else 1) if parts else -1.0
    if not 0 <= fraction <= 1:
        raise _invalid("share", written, "30% or 0.3; it is from 0% to 100%")
    return fraction


def per_second(written: object) -> float:
    """`200/s`, `30/min` or `5/h` as a number a second, at most a million."""
    parts = re.fullmatch(_RATE, _text(written))
    if parts is None:
        raise _invalid("rate", written, "200/s, 30/min or 5/h")
    rate = float(parts[1]) * _PER_SECOND[parts[2]]
    if rate > RATE_MAX:
        raise ValueError(f"invalid rate {_shown(written)}: more than a million a second")
    return rate


def bits_per_second(written: object) -> int:
    """`2500k` or `6M`, with or without `bit/s`, or bare; from 1 to 1000M."""
    parts = re.fullmatch(_BITS, _text(written))
    bits = round(float(parts[1]) * _DECIMAL[parts[2].lower()]) if parts else 0
    if not 1 <= bits <= BITS_MAX:
        raise _invalid("bit rate", written, "800k or 6M; it is from 1 to 1000M")
    return bits


def size_bytes(written: object) -> int:
    """`500MB` or `500M` (decimal), `10GiB` or `10Gi` (binary), or bare bytes."""
    parts = re.fullmatch(_BYTES, _text(written))
    if parts is None or (parts[3] and not parts[2]):
        raise _invalid("size", written, "500MB, 2M or 10GiB")
    power = " kmgt".index(parts[2].lower() or " ")
    unit = 1 << 10 * power if parts[3] else int(10 ** (3 * power))
    return round(float(parts[1]) * unit)


def frame_size(written: object) -> tuple[int, int]:
    """`1280x720` as width and height in pixels."""
    parts = re.fullmatch(_FRAME_SIZE, _text(written))
    if parts is None:
        raise _invalid("picture size", written, "1280x720")
    return int(parts[1]), int(parts[2])


def duration_text(duration: int) -> str:
    """Milliseconds as `1h2m3s`, `2m30s`, `4.5s` or `250ms`: short, and read back as the same."""
    if duration < 1000:
        return f"{duration}ms" if duration else "0s"
    seconds, rest = divmod(duration, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    if rest:
        return f"{text}{seconds}.{rest:03}".rstrip("0") + "s"
    return f"{text}{seconds}s" if seconds or not text else text


def size_text(size: int) -> str:
    """Bytes in the largest binary unit that holds them without a fraction, such as `8MiB`."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return str(size)


def _text(written: object) -> str:
    """The value as text: YAML and JSON also give numbers."""
    if isinstance(written, str):
        return written.strip()
    if isinstance(written, float) and 0 < written < 1e15:
        return f"{written:.9f}".rstrip("0").rstrip(".")  # Never in the form 1e-05.
    return "" if isinstance(written, bool) or written is None else str(written)


def _invalid(kind: str, written: object, examples: str) -> ValueError:
    return ValueError(f"invalid {kind} {_shown(written)}; write it like {examples}")


def _shown(written: object) -> str:
    text = written if isinstance(written, str) else f"{written}"
    return repr(text[:_SHOWN_LENGTH_MAX])
