"""Values of faults in their written form: `2s`, `30%`, `503`. Readers raise `ValueError`."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from emulator.core import quantities

Read = Callable[[object], Any]

DURATION_MS_MAX = 30 * 86_400_000
_TEXT_LENGTH_MAX = 200


class ValueKind(Struct, frozen=True, kw_only=True):
    """The description of a value for forms: its type, range and choices."""

    type: Literal["duration", "share", "integer", "text", "flag", "choice", "headers", "json"]
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()


# The kinds of the readers in this module, and of those that `whole` and `one_of` have made.
_KINDS: dict[Read, ValueKind] = {}


def kind_of(read: Read) -> ValueKind:
    """Return the kind of values that a reader reads; JSON for one without description."""
    return _KINDS.get(read, ValueKind(type="json"))


def described(read: Read, kind: ValueKind) -> Read:
    """Register the kind of a reader for `kind_of`, and return the reader."""
    _KINDS[read] = kind
    return read


class Value(NamedTuple):
    """A field of a fault: its written name and its reader."""

    written: str
    read: Read


def duration(written: object) -> int:
    """Read `250ms`, `2m30s` or a number of seconds as milliseconds; at most 30 days."""
    duration_ms = quantities.duration_ms(written, bare="s")
    if duration_ms > DURATION_MS_MAX:
        raise ValueError("must be between 0 and 30 days")
    return duration_ms


share = quantities.share
described(duration, ValueKind(type="duration"))
described(share, ValueKind(type="share"))


def whole(least: int, most: int) -> Read:
    """Make a reader of whole numbers in a range."""

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not least <= raw <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {_shown(raw)}")
        return raw

    return described(read, ValueKind(type="integer", minimum=least, maximum=most))


def close_code(raw: object) -> int:
    """Read a close code that a WebSocket may send (RFC 6455, 7.4)."""
    number = int(whole(1000, 4999)(raw))
    if number in (1004, 1005, 1006) or 1014 < number < 3000:
        raise ValueError(f"must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, not {number}")
    return number


def text(raw: object) -> str:
    if not isinstance(raw, str) or not 0 < len(raw) <= _TEXT_LENGTH_MAX:
        raise ValueError(f"must be a text of 1 to {_TEXT_LENGTH_MAX} characters, not {_shown(raw)}")
    return raw


def method_and_path(raw: object) -> str:
    """Read a method and a path as the contract writes them, such as `POST /streams/`."""
    method, space, path = text(raw).partition(" ")
    if not (method.isascii() and method.isupper() and space and path.startswith("/")):
        raise ValueError(f"must be a method and a path, as in POST /streams/, not {_shown(raw)}")
    # A path of the contract with and without a slash at its end is the same operation.
    return f"{method} {path.rstrip('/') or '/'}"


def flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(f"must be true or false, not {_shown(raw)}")
    return raw


def one_of(*words: str) -> Read:
    def read(raw: object) -> str:
        if not isinstance(raw, str) or raw not in words:
            raise ValueError(f"must be one of {', '.join(words)}, not {_shown(raw)}")
        return raw

    return described(read, ValueKind(type="choice", choices=words))


described(text, ValueKind(type="text"))
described(method_and_path, ValueKind(type="text"))
described(flag, ValueKind(type="flag"))
described(close_code, ValueKind(type="integer", minimum=1000, maximum=4999))


def _shown(raw: object) -> str:
    return repr(raw)[:40]
