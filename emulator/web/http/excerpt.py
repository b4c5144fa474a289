"""Excerpt: what the request log keeps of a request: no secrets, and no more than it may take.

Whatever a client can write may hold a secret: a field called `password`, the same in a query, a
path that a key stands in. Values of such names are struck out, and so is what has the form of a
key or token wherever it stands.
"""

import json
import re
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Any

STRUCK_OUT = "***"
CUT = "…"
_STRING_LENGTH_MAX = 2_000
_NAME_LENGTH_MAX = 100
_PATH_LENGTH_MAX = 500
_ITEMS_MAX = 100
_NAMES_MAX = 100
# Names are compared in lower case, without what is neither a letter nor a digit.
_SECRET_INSIDE = (
    "passwd",
    "password",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "credential",
)
_SECRET_AT_END = ("key", "keys", "code", "codes", "pwd", "otp", "sdp", "cookie", "signature", "jwt")
_NOT_A_LETTER = re.compile(r"[^a-z0-9]+")
# Stream keys and API keys of this platform, JSON Web Tokens (RFC 7519, 3.1), and the value of an
# Authorization header.
_FORMS = re.compile(
    r"\blive_[A-Za-z0-9]{16,}|\bak_[A-Za-z0-9_@.-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|\b(?<=Bearer )\S+|\b(?<=Basic )\S+"
)
# Between the words of a path, where a word may be the name of the next: `/password/x`, `;token=x`.
_PATH_SIGNS = re.compile(r"([/;&=?])")


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret: `password`, `streamKey`, `refresh_token`."""
    folded = _NOT_A_LETTER.sub("", name[:_STRING_LENGTH_MAX].casefold())
    return folded.endswith(_SECRET_AT_END) or any(word in folded for word in _SECRET_INSIDE)


def excerpt(value: Any, bytes_max: int) -> Any:
    """JSON as it was sent, without secrets; what would take more than `bytes_max` is cut.

    A value counts as the memory that it takes. `…` stands where something is missing.
    """
    return _Taking(bytes_max).take(value)


def excerpt_query(pairs: Iterable[tuple[str, str]], bytes_max: int) -> dict[str, str]:
    """A query's names and values, likewise."""
    query: dict[str, str] = excerpt(dict(islice(pairs, _ITEMS_MAX)), bytes_max)
    return query


def excerpt_path(path: str, template: str | None = None) -> str:
    """A request's path. Of a known operation `template` names the values: those of secrets go.

    In an unknown path a secret's name may be anywhere, and the word behind it goes.
    """
    names = (template or "").strip("/").split("/")
    words = path.strip("/").split("/")
    if template and len(words) >= len(names):
        before = len(words) - len(names)
        names = [""] * before + names
        words = [
            STRUCK_OUT if name.startswith("{") and is_secret(name.strip("{}")) else word
            for name, word in zip(names, words, strict=True)
        ]
        path = f"/{'/'.join(words)}{'/' * path.endswith('/')}"
    else:
        path = _without_values(path[:_STRING_LENGTH_MAX])
    without = _FORMS.sub(STRUCK_OUT, path[:_STRING_LENGTH_MAX])
    return without if len(without) <= _PATH_LENGTH_MAX else without[:_PATH_LENGTH_MAX] + CUT


def excerpt_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; those that came more than once with commas between."""
    values: dict[str, str] = {}
    for raw_name, raw_value in islice(headers, _ITEMS_MAX):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        value = STRUCK_OUT if is_secret(name) else _text(value, 4 * _STRING_LENGTH_MAX)
        values[name] = f"{values[name]}, {value}" if name in values else value
    return values


def excerpt_answer(body: bytes, media_type: str, bytes_max: int) -> Any:
    """An answer's body: JSON, or a text; None for anything else."""
    if media_type.startswith("application/json"):
        try:
            return excerpt(json.loads(body), bytes_max) if body else None
        except ValueError:  # A fault may answer whatever it likes.
            return None
    if media_type.startswith("text/"):
        return excerpt(body.decode(errors="replace"), bytes_max)
    return None


def excerpt_names(names: Iterable[str]) -> tuple[str, ...]:
    """The first hundred names, each cut."""
    return tuple(_name(name) for name in islice(names, _NAMES_MAX))


class _Taking:
    """One value's excerpt. `left` is what may still be taken, in bytes of memory."""

    def __init__(self, bytes_max: int) -> None:
        self._left = bytes_max

    def take(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._take_dict(value)
        if isinstance(value, list):
            return self._take_list(value)
        if isinstance(value, str):
            value = _text(value, max(0, self._left))
        self._left -= sys.getsizeof(value)
        return value if self._left >= 0 else CUT

    def _take_dict(self, value: dict[str, Any]) -> dict[str, Any]:
        taken: dict[str, Any] = {}
        self._left -= sys.getsizeof(taken)
        for name, item in islice(value.items(), _ITEMS_MAX):
            # Its place in the dictionary, and the name itself.
            self._left -= 100 + sys.getsizeof(_name(name))
            if self._left < 0:
                taken[CUT] = CUT
                break
            taken[_name(name)] = STRUCK_OUT if _hides(name, item) else self.take(item)
        return taken

    def _take_list(self, value: list[Any]) -> list[Any]:
        taken: list[Any] = []
        self._left -= sys.getsizeof(taken)
        for item in value[:_ITEMS_MAX]:
            self._left -= 24
            if self._left < 0:
                taken.append(CUT)
                break
            taken.append(self.take(item))
        return taken


def _hides(name: str, value: Any) -> bool:
    """`has_password: true` is not a secret."""
    return not isinstance(value, bool | None) and is_secret(name)


def _text(value: str, bytes_max: int) -> str:
    # A character takes up to four bytes.
    length_max = min(_STRING_LENGTH_MAX, bytes_max // 4)
    without = _FORMS.sub(STRUCK_OUT, value[:_STRING_LENGTH_MAX])
    if len(value) > _STRING_LENGTH_MAX or len(without) > length_max:
        return without[:length_max] + CUT
    return without


def _name(name: str) -> str:
    name = _FORMS.sub(STRUCK_OUT, name[:_STRING_LENGTH_MAX])
    return name if len(name) <= _NAME_LENGTH_MAX else name[:_NAME_LENGTH_MAX] + CUT


def _without_values(path: str) -> str:
    """Strike out each word of a path that follows a secret's name."""
    words = _PATH_SIGNS.split(path)
    for at in range(2, len(words), 2):
        if words[at] and words[at - 1] in "/=" and is_secret(words[at - 2]):
            words[at] = STRUCK_OUT
    return "".join(words)
