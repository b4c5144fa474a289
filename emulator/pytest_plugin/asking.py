"""Asking: one HTTP request to the emulator, and what it answered. Blocks; needs no library."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class ApiResponse:
    """Whatever the status is."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(method: str, url: str, headers: Mapping[str, str], body: object = None) -> ApiResponse:
    """`body` is sent as JSON, None as nothing."""
    content = None if body is None else json.dumps(body).encode()
    sent = dict(headers) | ({"Content-Type": "application/json"} if content is not None else {})
    request = urllib.request.Request(url, content, sent, method=method)
    # No proxy: the emulator is on this machine, where a proxy of the environment cannot look.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return ApiResponse(answer.status, dict(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return ApiResponse(refusal.code, dict(refusal.headers.items()), refusal.read())
