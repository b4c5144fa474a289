"""Asking: one HTTP request to the emulator, and what it answered. Blocks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from emulator import http_client


@dataclass(frozen=True)
class ApiResponse:
    """Whatever the status is. `headers` finds a name in any case."""

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
    """`body` is sent as JSON, None as nothing."""
    answer = http_client.ask(method, url, headers, body)
    return ApiResponse(answer.status, answer.headers, answer.body)
