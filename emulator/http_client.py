"""HTTP as a client: one request, one answer. Blocks: for threads and commands."""

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
    """Whatever the status is."""

    status: int
    headers: Message
    body: bytes

    @property
    def content(self) -> Any:
        """What the body says as JSON, else as text; None for nothing."""
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
    """`body` is sent as JSON, None as nothing. Raises `OSError` where nobody answers."""
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
    """The answer, to be read. Raises `HTTPError` for a refusal, another `OSError` for none.

    `ca` is trusted for TLS, without one what the system trusts.
    """
    # No proxy: the emulator is on this machine, where a proxy of the environment cannot look.
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if request.full_url.startswith("https:"):
        # Given at once: added later, it would come behind one that trusts the system alone.
        context = ssl.create_default_context(cafile=ca or None)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    return cast("HTTPResponse", opener.open(request, timeout=timeout_seconds))
