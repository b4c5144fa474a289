"""Kind: how one setting's value is written, read, bounded and shown. Every refusal is a sentence.

A message names no setting: the caller knows where the value stood, and puts that in front.
"""

import re
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol
from urllib.parse import urlsplit

from emulator.core import quantities
from emulator.core.quantities import duration_text, size_text

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
# A name of letters, digits, dots and dashes (underscores, as containers are named), or IPv6.
_HOSTNAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}")


class Kind(Protocol):
    """`metavar` is what help shows for a value."""

    @property
    def metavar(self) -> str: ...

    def parse(self, text: str) -> Any:
        """The value that `text` means. Refuses (`ValueError`, a sentence) what it cannot read."""
        ...

    def check(self, value: Any) -> None:
        """Refuse (`ValueError`, a sentence) a value out of bounds."""
        ...

    def show(self, value: Any) -> str:
        """The value as `parse` would read it."""
        ...


class Text(NamedTuple):
    """Any text; where `is_optional`, an empty one says that there is none."""

    metavar: str = "TEXT"
    is_optional: bool = False

    def parse(self, text: str) -> str:
        return text

    def check(self, value: str) -> None:
        if not value and not self.is_optional:
            raise ValueError("must not be empty")

    def show(self, value: str) -> str:
        return value or "none"


class Url(NamedTuple):
    """The address of a server, in one of a few schemes, or none. `has_path`: one may follow."""

    schemes: tuple[str, ...]
    has_path: bool = False
    metavar: str = "URL"

    def parse(self, text: str) -> str:
        return text.strip().rstrip("/")

    def check(self, value: str) -> None:
        if not value:
            return
        example = f"{self.schemes[0]}://streams.example.org:8000"
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise ValueError(f"{value!r} is not a URL; write it like {example}") from None
        if parts.scheme not in self.schemes or not parts.hostname or port == 0:
            raise ValueError(f"{value!r} is not a URL of {self._named()}; write it like {example}")
        if not _HOSTNAME.fullmatch(parts.hostname):
            raise ValueError(f"{value!r} has an invalid host; write it like {example}")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(f"{value!r} may hold a scheme, a host and a port; nothing else")
        if parts.path.strip("/") and not self.has_path:
            raise ValueError(f"{value!r} has a path; the address must end behind its port")

    def show(self, value: str) -> str:
        return value or "none"

    def _named(self) -> str:
        return " or ".join(self.schemes)


class HostNames(NamedTuple):
    """Host names, the first label perhaps `*`; `platform` stands for several."""

    platform: tuple[str, ...]
    metavar: str = "NAME,..."

    def parse(self, text: str) -> str:
        return ",".join(word for word in (part.strip() for part in text.split(",")) if word)

    def check(self, value: str) -> None:
        for name in self.names(value):
            plain = name.removeprefix("*.")
            if not _HOSTNAME.fullmatch(plain) or ":" in plain:
                raise ValueError(
                    f"{name!r} is not a host name; write names like streams.example.org or "
                    "*.example.org, or platform"
                )

    def names(self, value: str) -> tuple[str, ...]:
        """The names themselves."""
        words = [word.lower() for word in self.parse(value).split(",") if word]
        groups = [self.platform if word == "platform" else (word,) for word in words]
        return tuple(dict.fromkeys(name for names in groups for name in names))

    def show(self, value: str) -> str:
        return value or "none"


class Count(NamedTuple):
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


class Ports(NamedTuple):
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


class Flag(NamedTuple):
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


class Choice(NamedTuple):
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


class Words(NamedTuple):
    """Some of a few words, with commas between them; or none."""

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


class Duration(NamedTuple):
    """Whole milliseconds inside; written `500ms`, `10s`, `1m30s`, `1.5h`, or bare in `unit`."""

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


class Size(NamedTuple):
    """Whole bytes inside; written `10GiB`, `500MB` or bare in bytes."""

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


class File(NamedTuple):
    """A path to a file, or none; `~` is the home folder."""

    metavar: str = "FILE"

    def parse(self, text: str) -> Path | None:
        return Path(text).expanduser() if text else None

    def check(self, value: Path | None) -> None:
        pass

    def show(self, value: Path | None) -> str:
        return str(value) if value else "none"


class Folder(NamedTuple):
    """A path to a folder, or one of a few words that stand for something else."""

    words: tuple[str, ...]
    metavar: str = "DIR"

    def parse(self, text: str) -> str:
        return text if text in self.words or not text else str(Path(text).expanduser())

    def check(self, value: str) -> None:
        if not value:
            raise ValueError("must not be empty")

    def show(self, value: str) -> str:
        home = str(Path.home())
        return "~" + value[len(home) :] if value.startswith(home + "/") else value
