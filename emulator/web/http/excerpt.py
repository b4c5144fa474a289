"""Excerpt: the part of a request that the request log shows: without secrets, and limited in size.

All that a client can write may contain a secret: a field called `password`, a query parameter, a
key in a path. Values with such names are replaced by `***`, and so is any text in the form of a key
or token.
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
# Names are compared in lower case, without all characters but letters and digits.
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
# Separators of words in a path, where a word may be the name of the next: `/password/x`,
# `;token=x`.
_PATH_SIGNS = re.compile(r"([/;&=?])")


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret: `password`, `streamKey`, `refresh_token`."""
    folded = _NOT_A_LETTER.sub("", name[:_STRING_LENGTH_MAX].casefold())
    return folded.endswith(_SECRET_AT_END) or any(word in folded for word in _SECRET_INSIDE)


def excerpt(value: Any, bytes_max: int) -> Any:
    """Return a JSON value without secrets, cut to `bytes_max`.

    A value counts by the memory that it takes. `…` marks what was cut.
    """
    return _Taking(bytes_max).take(value)


def excerpt_query(pairs: Iterable[tuple[str, str]], bytes_max: int) -> dict[str, str]:
    """Return a query's names and values without secrets, cut to `bytes_max`."""
    query: dict[str, str] = excerpt(dict(islice(pairs, _ITEMS_MAX)), bytes_max)
    return query


def excerpt_path(path: str, template: str | None = None) -> str:
    """Return a request's path without secrets. `template` is the path of a known operation.

    In an unknown path the word after a secret's name is removed.
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
    """Return headers without secrets, by lowercase names; repeated ones joined by commas."""
    values: dict[str, str] = {}
    for raw_name, raw_value in islice(headers, _ITEMS_MAX):
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        value = STRUCK_OUT if is_secret(name) else _text(value, 4 * _STRING_LENGTH_MAX)
        values[name] = f"{values[name]}, {value}" if name in values else value
    return values


def excerpt_answer(body: bytes, media_type: str, bytes_max: int) -> Any:
    """Return an answer's body without secrets: JSON or a text; None for other types."""
    if media_type.startswith("application/json"):
        try:
            return excerpt(json.loads(body), bytes_max) if body else None
        except ValueError:  # The answer of a fault may be invalid.
            return None
    if media_type.startswith("text/"):
        return excerpt(body.decode(errors="replace"), bytes_max)
    return None


def excerpt_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the first hundred names, each cut."""
    return tuple(_name(name) for name in islice(names, _NAMES_MAX))


class _Taking:
    """Makes the excerpt of one value. `_left` are the bytes of memory that it may still take."""

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
            # The entry in the dictionary, and the name itself.
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
    """Whether this field holds a secret; `has_password: true` does not."""
    return not isinstance(value, bool | None) and is_secret(name)


def _text(value: str, bytes_max: int) -> str:
    # A character takes at most four bytes.
    length_max = min(_STRING_LENGTH_MAX, bytes_max // 4)
    without = _FORMS.sub(STRUCK_OUT, value[:_STRING_LENGTH_MAX])
    if len(value) > _STRING_LENGTH_MAX or len(without) > length_max:
        return without[:length_max] + CUT
    return without


def _name(name: str) -> str:
    name = _FORMS.sub(STRUCK_OUT, name[:_STRING_LENGTH_MAX])
    return name if len(name) <= _NAME_LENGTH_MAX else name[:_NAME_LENGTH_MAX] + CUT


def _without_values(path: str) -> str:
    """Replace each word of a path that follows a secret's name."""
    words = _PATH_SIGNS.split(path)
    for at in range(2, len(words), 2):
        if words[at] and words[at - 1] in "/=" and is_secret(words[at - 2]):
            words[at] = STRUCK_OUT
    return "".join(words)
