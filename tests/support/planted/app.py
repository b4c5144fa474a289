"""Shared code of the planted apps: calls that survive faults, and a view of the platform's state.

The calls are correct: they retry temporary errors, and look up whether a request without a good
answer had its effect before they send it again.
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

HOST = urlsplit(os.environ["LIVE_EMULATOR_URL"]).netloc
KEY = os.environ["LIVE_EMULATOR_API_KEY"]
PASSING: tuple[int, ...] = (429, 500, 502, 503, 504)
TRIES = 8


class Failed(Exception):
    """A call without a good answer; `status` is 0 without any. It may still have had its effect."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the API answered {status or 'nothing'}")
        self.status = status


def ask(method: str, path: str, body: object = None) -> Any:
    """Make one call. Raises `Failed` for anything but a good answer."""
    connection = http.client.HTTPConnection(HOST, timeout=15)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        payload = answer.read()
        if answer.status >= 400:
            raise Failed(answer.status)
        return json.loads(payload) if payload else None
    except (OSError, http.client.HTTPException, ValueError):
        raise Failed(0) from None
    finally:
        connection.close()


def read(path: str) -> Any:
    """Read, and retry temporary errors."""
    return again(lambda: ask("GET", f"/api/v1{path}"))


def again(attempt: Callable[[], Any]) -> Any:
    for number in range(TRIES):
        try:
            return attempt()
        except Failed as failure:
            if failure.status not in (0, *PASSING) or number == TRIES - 1:
                raise
            time.sleep(0.05)


def create(path: str, body: dict[str, Any], look: Callable[[], Any]) -> Any:
    """Create something once: before a retry, `look` checks whether it is already there."""

    def attempt() -> Any:
        try:
            return ask("POST", f"/api/v1{path}", body)
        except Failed:
            there = look()
            if there is None:
                raise
            return there

    return again(attempt)


def facts(path: str, method: str = "GET", body: object = None) -> Any:
    """The platform's real state, which no fault hides: for the app's final check."""
    return ask(method, f"/_emulator/{path}", body)


def stream() -> Any:
    """The app's stream: the account's stream that has not ended, since a second one is refused."""

    def look() -> Any:
        return next(iter(facts("streams/?find=planted")["streams"]), None)

    return create("/streams/", {"title": "planted"}, look)


def say(stream_id: str, text: str) -> None:
    """Post one message to the stream's chat exactly once."""

    def look() -> Any:
        listed = read(f"/streams/{stream_id}/chat/history")["messages"]
        return next((line for line in listed if line["content"] == text), None)

    create(f"/streams/{stream_id}/chat", {"content": text}, look)


def lines_of(stream_id: str) -> list[str]:
    """The messages in the stream's chat, from the platform's real state."""
    listed = facts("events?kind=ChatPosted&limit=1000")["events"]
    return [
        event["values"]["content"] for event in listed if event["values"]["stream_id"] == stream_id
    ]


def check(holds: bool, claim: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {claim}")
