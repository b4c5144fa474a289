"""Answers that a fault sends instead of the platform: status, headers and body, in order."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct

from emulator.world.faults.values import ValueKind, described, duration, flag, whole

THROUGH = "through"
_ANSWERS_MAX = 100
_HEADERS_MAX = 20
_VALUE_LENGTH_MAX = 1_000
_BODY_BYTES_MAX = 64 * 1024
# RFC 9110, 5.6.2 and 5.5: a token, and characters that are neither controls nor beyond Latin-1.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
# Headers that the server sets itself; for a wrong length there is `api.cut`.
_OF_THE_SERVER = ("content-length", "transfer-encoding", "connection", "x-emulator-fault")
# RFC 6585, 4: a 429 may say when to try again. The platform's own always does.
_RETRY_AFTER_MS = 1_000


class FailAnswer(Struct, frozen=True, kw_only=True):
    """One answer.

    `status` 0 lets the call through. `body` is JSON, a text, or None for the default.

    `is_done`: the requested change is made all the same.
    """

    status: int
    headers: Mapping[str, str]
    body: object
    retry_after_ms: int | None
    is_done: bool

    @property
    def all_headers(self) -> dict[str, str]:
        """The headers, with `Retry-After` in whole seconds if it is set or the status is 429."""
        after_ms = self.retry_after_ms
        if after_ms is None and self.status == 429:
            after_ms = _RETRY_AFTER_MS
        usual = {} if after_ms is None else {"Retry-After": str(-(-after_ms // 1000))}
        own = {name.lower() for name in self.headers}
        return {name: value for name, value in usual.items() if name.lower() not in own} | dict(
            self.headers
        )


class AnswerStep(NamedTuple):
    """One of several answers: the values that differ from the fault's, and its written form."""

    values: dict[str, Any]
    written: object


def status(written: object) -> int:
    return int(whole(400, 599)(written))


described(status, ValueKind(type="integer", minimum=400, maximum=599))


def headers(written: object) -> dict[str, str]:
    """Read header names and values. Raises for what HTTP cannot carry or the server sets itself."""
    if not isinstance(written, Mapping) or len(written) > _HEADERS_MAX:
        raise ValueError(f"must be a table of at most {_HEADERS_MAX} names with values")
    lines: dict[str, str] = {}
    for name, value in written.items():
        text = str(value) if isinstance(value, str | int | float) else "\0"
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise ValueError(f"has an invalid header name: {str(name)[:50]!r}")
        if name.lower() in _OF_THE_SERVER:
            raise ValueError(f"cannot hold {name}: the server sets it itself")
        if not _VALUE.fullmatch(text) or len(text) > _VALUE_LENGTH_MAX:
            raise ValueError(f"has an invalid value for {name}: write a text of one line")
        lines[name] = text.strip()
    return lines


described(headers, ValueKind(type="headers"))


def body(written: object) -> object:
    """Read a body: a text, or any JSON value; at most 64 KiB."""
    try:
        size = len(json.dumps(written, allow_nan=False).encode())
    except (TypeError, ValueError):
        raise ValueError("must be a text or JSON") from None
    if size > _BODY_BYTES_MAX:
        raise ValueError(f"must be at most {_BODY_BYTES_MAX} bytes long, not {size}")
    return written


def answers(written: object) -> tuple[AnswerStep, ...]:
    """Read a list of statuses, tables and `through` (lets a call through), or `503,429,through`."""
    if isinstance(written, str):
        words = [word.strip() for word in written.split(",")]
        written = [int(word) if word.isascii() and word.isdigit() else word for word in words]
    if isinstance(written, int) and not isinstance(written, bool):
        written = [written]
    if not isinstance(written, list | tuple) or not 0 < len(written) <= _ANSWERS_MAX:
        raise ValueError(f"must be a list of 1 to {_ANSWERS_MAX} answers")
    return tuple(AnswerStep(_answer(step), step) for step in written)


_VALUES = {
    "status": ("status", status),
    "headers": ("headers", headers),
    "body": ("body", body),
    "retry_after": ("retry_after_ms", duration),
    "done": ("is_done", flag),
}


def _answer(written: object) -> dict[str, Any]:
    if written == THROUGH:
        return {"status": 0}
    if not isinstance(written, Mapping):
        try:
            return {"status": status(written)}
        except ValueError as error:
            raise ValueError(f"holds statuses, tables and `{THROUGH}`: one {error}") from None
    values: dict[str, Any] = {}
    for name, value in written.items():
        if name not in _VALUES:
            raise ValueError(
                f"has an answer with {str(name)[:50]!r}: there is {', '.join(_VALUES)}"
            )
        attribute, read = _VALUES[name]
        try:
            values[attribute] = read(value)
        except ValueError as error:
            raise ValueError(f"has an answer whose {name} {error}") from None
    return values
