"""Asking: one HTTP request to the emulator, and its answer. It blocks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from emulator import http_client


@dataclass(frozen=True)
class ApiResponse:
    """An answer with any status, also an error's. `headers` ignores the case of names."""

    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(method: str, url: str, headers: Mapping[str, str], body: object = None) -> ApiResponse:
    """Send a request and return its answer. `body` is sent as JSON; None sends no body."""
    answer = http_client.ask(method, url, headers, body)
    return ApiResponse(answer.status, answer.headers, answer.body)
