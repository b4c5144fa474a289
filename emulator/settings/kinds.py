"""Kinds of settings that only the server has: URLs, host names, files."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

# A name of letters, digits, dots and dashes (underscores, as containers are named), or IPv6.
_HOSTNAME = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})|[0-9A-Fa-f:.]{2,45}"


class Url(Struct, frozen=True):
    """A server's URL with one of a few schemes, or none. With `has_path` it may have a path."""

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
        if not re.fullmatch(_HOSTNAME, parts.hostname):
            raise ValueError(f"{value!r} has an invalid host; write it like {example}")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError(f"{value!r} may hold a scheme, a host and a port; nothing else")
        if parts.path.strip("/") and not self.has_path:
            raise ValueError(f"{value!r} has a path; the address must end behind its port")

    def show(self, value: str) -> str:
        return value or "none"

    def _named(self) -> str:
        return " or ".join(self.schemes)


class HostNames(Struct, frozen=True):
    """Host names, whose first label may be `*`; the word `platform` stands for several names."""

    platform: tuple[str, ...]
    metavar: str = "NAME,..."

    def parse(self, text: str) -> str:
        return ",".join(word for word in (part.strip() for part in text.split(",")) if word)

    def check(self, value: str) -> None:
        for name in self.names(value):
            plain = name.removeprefix("*.")
            if not re.fullmatch(_HOSTNAME, plain) or ":" in plain:
                raise ValueError(
                    f"{name!r} is not a host name; write names like streams.example.org or "
                    "*.example.org, or platform"
                )

    def names(self, value: str) -> tuple[str, ...]:
        """The single names, with those that `platform` stands for."""
        words = [word.lower() for word in self.parse(value).split(",") if word]
        groups = [self.platform if word == "platform" else (word,) for word in words]
        return tuple(dict.fromkeys(name for names in groups for name in names))

    def show(self, value: str) -> str:
        return value or "none"


class File(Struct, frozen=True):
    """A path to a file, or none; a leading `~` is the home folder."""

    metavar: str = "FILE"

    def parse(self, text: str) -> Path | None:
        return Path(text).expanduser() if text else None

    def check(self, value: Path | None) -> None:
        pass

    def show(self, value: Path | None) -> str:
        return str(value) if value else "none"


class Folder(Struct, frozen=True):
    """A path to a folder, or one of a few words with a special meaning."""

    words: tuple[str, ...]
    metavar: str = "DIR"

    def parse(self, text: str) -> str:
        return text if text in self.words or not text else str(Path(text).expanduser())

    def check(self, value: str) -> None:
        if not value:
            raise ValueError("must not be empty")

    def show(self, value: str) -> str:
        home = Path.home()
        is_below = Path(value) != home and Path(value).is_relative_to(home)
        return f"~{value.removeprefix(str(home))}" if is_below else value
