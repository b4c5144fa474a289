"""HTTP client: one request, one answer. It blocks, so use it in threads and commands."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPResponse
from typing import Any, cast

from msgspec import Struct

_TIMEOUT_SECONDS = 30


class HttpAnswer(Struct, frozen=True):
    """An answer with any status, also an error's."""

    status: int
    headers: Message
    body: bytes

    @property
    def content(self) -> Any:
        """The body's JSON value; its text if it is not JSON, and None if it is empty."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return self.body.decode(errors="replace")


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: object = None,
    *,
    ca: str = "",
    timeout_seconds: float = _TIMEOUT_SECONDS,
    bytes_max: int = -1,
) -> HttpAnswer:
    """Send a request and read its answer. Raises `OSError` if there is no answer.

    `body` is sent as JSON; None sends no body. At most `bytes_max` of the answer are read, -1: all.
    """
    content, sent = None, dict(headers)
    if body is not None:
        content, sent = json.dumps(body).encode(), sent | {"Content-Type": "application/json"}
    request = urllib.request.Request(url, content, sent, method=method)
    try:
        with open_request(request, ca, timeout_seconds) as answer:
            return HttpAnswer(answer.status, answer.headers, answer.read(bytes_max))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return HttpAnswer(refusal.code, refusal.headers, refusal.read(bytes_max))


def open_request(
    request: urllib.request.Request, ca: str, timeout_seconds: float = _TIMEOUT_SECONDS
) -> HTTPResponse:
    """Send a request; returns the answer, its body still to be read.

    Raises `HTTPError` for a status of 400 or more, another `OSError` if there is no answer. TLS
    trusts the file `ca`, or the system's store if it is empty.
    """
    # No proxy: the emulator runs on this machine, which the environment's proxy may not reach.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if request.full_url.startswith("https:"):
        # Passed to `build_opener`, it replaces the default handler, which trusts the system alone.
        context = ssl.create_default_context(cafile=ca or None)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    return cast("HTTPResponse", opener.open(request, timeout=timeout_seconds))
