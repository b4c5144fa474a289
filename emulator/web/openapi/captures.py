"""Captures: recorded requests of the real platform, compared with the emulator's answers.

Two formats are read: a HAR file, as browsers save it, or a file with a line of JSON for each
request (JSONL): `{"method": "GET", "path": "/api/v1/streams/", "key": "me", "body": null, "status":
200, "response": {...}}`; `key` only distinguishes the callers.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field

_PATH = re.compile(r"/(?:api/)?v1/.*")
_IDENTITY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|live_\w{32}")
# The tokens by which a session continues; they differ between the platforms.
_TOKENS = ("access_token", "refresh_token")
# Status of a request that was cancelled or blocked, a WebSocket, an answer from the browser's
# cache.
_UNANSWERED = (0, 101, 304)
_BEARER = re.compile(r"^bearer +", re.IGNORECASE)
_ITEMS_COMPARED = 3


class NoCapture(ValueError):
    """A file that is not a capture; the message says where and why."""


class Exchange(Struct, frozen=True):
    """One recorded request and its answer. `key` is that of the caller, empty without one."""

    number: int
    method: str
    path: str
    key: str
    body: Any
    status: int
    response: Any


def read(text: str) -> list[Exchange]:
    """Return the exchanges of a capture with the platform's API, in order.

    Raises `NoCapture` for a text in neither of the two formats.
    """
    stripped = text.lstrip()
    is_har = stripped.startswith("{") and '"log"' in stripped[:2000] and '"entries"' in stripped
    try:
        entries = list(_from_har(json.loads(text)) if is_har else _from_lines(text))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise NoCapture(f"This is neither a HAR file nor JSONL of exchanges: {error!r}.") from None
    if not entries:
        raise NoCapture("It contains no request to the platform's API.")
    return entries


def _from_har(document: Any) -> Iterator[Exchange]:
    for number, entry in enumerate(document["log"]["entries"], 1):
        request, response = entry["request"], entry["response"]
        parts = urlsplit(request["url"])
        headers = {header["name"].lower(): header["value"] for header in request["headers"]}
        path = _PATH.search(parts.path)
        if path is None or not _is_replayable(request, int(response["status"])):
            continue
        yield Exchange(
            number=number,
            method=request["method"],
            path=path[0] + (f"?{parts.query}" if parts.query else ""),
            key=_BEARER.sub("", headers.get("authorization", headers.get("x-api-key", ""))),
            body=_parsed(request.get("postData", {}).get("text")),
            status=int(response["status"]),
            response=_parsed(_content(response.get("content", {}))),
        )


def _is_replayable(request: dict[str, Any], status: int) -> bool:
    """Whether a request can be repeated: it was answered, and is no preflight and no form.

    Browsers do not save the files of forms.
    """
    media_type = request.get("postData", {}).get("mimeType", "")
    is_form = media_type.startswith(("multipart/", "application/x-www-form-urlencoded"))
    return request["method"] != "OPTIONS" and status not in _UNANSWERED and not is_form


def _from_lines(text: str) -> Iterator[Exchange]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            payload = json.loads(line)
        except json.JSONDecodeError as error:
            raise NoCapture(f"Line {number} is not JSON: {error}.") from None
        yield Exchange(
            number=number,
            method=payload["method"].upper(),
            path=payload["path"],
            key=payload.get("key") or "",
            body=payload.get("body"),
            status=int(payload["status"]),
            response=payload.get("response"),
        )


def _content(content: dict[str, Any]) -> str | None:
    """Return an answer's text; some browsers save it as base64 (HAR 1.2, content)."""
    text = content.get("text")
    if text and content.get("encoding") == "base64":
        try:
            return base64.b64decode(text).decode()
        except ValueError:  # A picture, or other bytes that are not text.
            return None
    return text


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text


class Names(Struct):
    """Ids, keys and tokens of the recorded platform, and the emulator's equivalents."""

    known: dict[str, str] = field(default_factory=dict)

    def translate(self, value: Any) -> Any:
        """Replace the platform's names in a text or JSON by the emulator's."""
        if isinstance(value, str) and value in self.known:
            return self.known[value]
        if isinstance(value, str):
            return _IDENTITY.sub(lambda match: self.known.get(match[0], match[0]), value)
        if isinstance(value, dict):
            return {name: self.translate(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.translate(item) for item in value]
        return value

    def learn(self, there: Any, here: Any) -> None:
        """Learn names from two answers to one request: values at the same place are equivalent."""
        if isinstance(there, dict) and isinstance(here, dict):
            for name in there.keys() & here.keys():
                self.learn(there[name], here[name])
            for name in there.keys() & here.keys() & {*_TOKENS}:
                self.known.setdefault(str(there[name]), str(here[name]))
        elif isinstance(there, list) and isinstance(here, list):
            for one, other in zip(there, here, strict=False):
                self.learn(one, other)
        elif isinstance(there, str) and isinstance(here, str) and _IDENTITY.fullmatch(there):
            self.known.setdefault(there, here)


def differences(exchange: Exchange, status: int, response: Any) -> list[str]:
    """Return how the emulator's answer differs from the recorded one, in status and shape."""
    differences = []
    if status != exchange.status:
        differences.append(f"status {exchange.status} there, {status} here")
    differences += _shapes("$", exchange.response, response)
    return differences


def _shapes(where: str, there: Any, here: Any) -> Iterator[str]:
    """Compare names and types, not values. A null has no type."""
    if there is None or here is None:
        return
    if _kind(there) != _kind(here):
        yield f"{where} is {_kind(there)} there, {_kind(here)} here"
    elif isinstance(there, dict):
        yield from _names(where, there, here)
    elif isinstance(there, list):
        pairs = zip(there[:_ITEMS_COMPARED], here[:_ITEMS_COMPARED], strict=False)
        for number, (one, other) in enumerate(pairs):
            yield from _shapes(f"{where}[{number}]", one, other)


def _names(where: str, there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    for name in sorted(there.keys() - here.keys()):
        yield f"{where}.{name} is missing here ({_kind(there[name])} there)"
    for name in sorted(here.keys() - there.keys()):
        yield f"{where}.{name} is missing there ({_kind(here[name])} here)"
    for name in sorted(there.keys() & here.keys()):
        yield from _shapes(f"{where}.{name}", there[name], here[name])


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "null"
