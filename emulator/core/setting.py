"""Setting: how a field of a config is written, bounded and explained where people set it.

A config is a struct of defaults, each annotated with its kind and its help text:
`idle_ms: Annotated[int, Duration("ms", 100), "what it is for", Named("rtmp_idle_ms")] = 30_000`.
`emulator.settings` is composed of configs. A `Kind` refuses with a sentence that does not name the
setting: the caller knows where the value was set, and says that first.
"""

import re
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, Protocol, get_args, get_origin

from msgspec import Struct

from emulator.core import quantities
from emulator.core.quantities import duration_text, size_text

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


class Kind(Protocol):
    """A kind of value: parsing, checks and display. `metavar` stands for it in help texts."""

    @property
    def metavar(self) -> str: ...

    def parse(self, text: str) -> Any:
        """Read a value. Refuses (`ValueError`, a sentence) a text that is none."""
        ...

    def check(self, value: Any) -> None:
        """Refuse (`ValueError`, a sentence) a value out of bounds."""
        ...

    def show(self, value: Any) -> str:
        """The value as `parse` would read it."""
        ...


class Named(Struct, frozen=True):
    """Other names of a field, where its own does not do.

    `name` is its name among all settings. `key` is the name that people write: as a flag, a
    variable or a line of the settings file.
    """

    name: str = ""
    key: str = ""


class Flags(Enum):
    """Marks a field for which `serve` has a flag, in this group of its help.

    The settings file and the environment know every field.
    """

    COMMON = "common"
    MEDIA = "media"
    NETWORK = "network"
    LIMITS = "limits"


class Setting(Struct, frozen=True):
    """One field that people may set. Python code uses `name`, people write `key`."""

    field: str
    name: str
    key: str
    kind: Kind
    help: str
    group: Flags | None

    @property
    def flag(self) -> str:
        return "--" + self.key.replace("_", "-")

    @property
    def variable(self) -> str:
        return "LIVE_EMULATOR_" + self.key.upper()


def setting_of(field: str, annotation: object) -> Setting | None:
    """The setting that a field's annotation describes; None for a field that nobody may set."""
    if get_origin(annotation) is not Annotated:
        return None
    _, kind, text, *marks = get_args(annotation)
    named = next((mark for mark in marks if isinstance(mark, Named)), Named())
    group = next((mark for mark in marks if isinstance(mark, Flags)), None)
    name = named.name or field
    return Setting(field, name, named.key or name, kind, text, group)


class Text(Struct, frozen=True):
    """A text. If `is_optional`, an empty one means that there is no value.

    `read` refuses (`ValueError`, a sentence) an invalid text.
    """

    metavar: str = "TEXT"
    is_optional: bool = False
    read: Callable[[str], object] = str

    def parse(self, text: str) -> str:
        return text

    def check(self, value: str) -> None:
        if not value and not self.is_optional:
            raise ValueError("must not be empty")
        if value:
            self.read(value)

    def show(self, value: str) -> str:
        return value or "none"


class Count(Struct, frozen=True):
    """A whole number."""

    min: int = 0
    max: int = 1_000_000
    metavar: str = "N"

    def parse(self, text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
            raise ValueError(f"{text!r} is not a whole number")
        return int(text)

    def check(self, value: int) -> None:
        if not self.min <= value <= self.max:
            raise ValueError(f"{value} is out of range: {self.min} to {self.max}")

    def show(self, value: int) -> str:
        return str(value)


PORT = Count(0, 65_535, "PORT")


class Ports(Struct, frozen=True):
    """A range of ports, `FIRST-LAST`, or none."""

    metavar: str = "FIRST-LAST"

    def parse(self, text: str) -> str:
        return text.strip()

    def check(self, value: str) -> None:
        if value:
            self.range(value)

    def show(self, value: str) -> str:
        return value or "none"

    def range(self, value: str) -> tuple[int, int]:
        """The first and the last port. Refuses (`ValueError`) an invalid range."""
        match = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", value)
        if not match:
            raise ValueError(f"{value!r} is not a range of ports; write it like 40000-40999")
        first, last = int(match[1]), int(match[2])
        if not 0 < first <= last <= 65_535:
            raise ValueError(f"{value!r} is out of range: 1 to 65535, the smaller one first")
        return first, last


class Flag(Struct, frozen=True):
    """True or false."""

    metavar: str = "true|false"

    def parse(self, text: str) -> bool:
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise ValueError(f"{text!r} is neither true nor false")
        return word in _TRUE

    def check(self, value: bool) -> None:
        pass

    def show(self, value: bool) -> str:
        return "true" if value else "false"


class Choice(Struct, frozen=True):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def metavar(self) -> str:
        return "|".join(self.words)

    def parse(self, text: str) -> str:
        return text

    def check(self, value: str) -> None:
        if value not in self.words:
            raise ValueError(f"{value!r} is not one of {', '.join(self.words)}")

    def show(self, value: str) -> str:
        return value


class Words(Struct, frozen=True):
    """A list of known words, separated by commas."""

    words: tuple[str, ...]

    @property
    def metavar(self) -> str:
        return f"{self.words[0]},..."

    def parse(self, text: str) -> tuple[str, ...]:
        return tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "none"))

    def check(self, value: tuple[str, ...]) -> None:
        for word in value:
            if word not in self.words:
                raise ValueError(f"{word!r} is not one of {', '.join(self.words)}")

    def show(self, value: tuple[str, ...]) -> str:
        return ",".join(value) or "none"


class Duration(Struct, frozen=True):
    """Whole milliseconds, written `500ms`, `10s`, `1m30s`, `1.5h`, or bare in `unit`."""

    unit: Literal["s", "ms"]
    min_ms: int = 0
    max_ms: int = 86_400_000

    @property
    def metavar(self) -> str:
        return {"ms": "MS", "s": "SECONDS"}[self.unit]

    def parse(self, text: str) -> int:
        return quantities.duration_ms(text, bare=self.unit)

    def check(self, value: int) -> None:
        if not self.min_ms <= value <= self.max_ms:
            low, high = duration_text(self.min_ms), duration_text(self.max_ms)
            raise ValueError(f"{duration_text(value)} is out of range: {low} to {high}")

    def show(self, value: int) -> str:
        return duration_text(value)


class Size(Struct, frozen=True):
    """Whole bytes, written `10GiB`, `500MB`, or as a bare number of bytes."""

    min: int = 0
    max: int = 2**60
    metavar: str = "SIZE"

    def parse(self, text: str) -> int:
        return quantities.size_bytes(text)

    def check(self, value: int) -> None:
        if not self.min <= value <= self.max:
            low, high = size_text(self.min), size_text(self.max)
            raise ValueError(f"{size_text(value)} is out of range: {low} to {high}")

    def show(self, value: int) -> str:
        return size_text(value)
