"""What the planted apps share: calls that survive whatever an API may do, and a look at the facts.

`call` is how it should be done: errors that pass are waited for, and what may have been done
although no good answer came is looked up before it is done again.
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
    """No good answer: `status` 0 for none at all. It may have been done all the same."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the API answered {status or 'nothing'}")
        self.status = status


def ask(method: str, path: str, body: object = None) -> Any:
    """One call. Raises `Failed` for anything but a good answer."""
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
    """A read may be asked again and again."""
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
    """Make something once: what `look` finds is there already."""

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
    """What is true on the platform, which no fault hides: for the app's own test."""
    return ask(method, f"/_emulator/{path}", body)


def stream() -> Any:
    """The app's stream. There is one that has not ended an account: a second is refused."""

    def look() -> Any:
        return next(iter(facts("streams/?find=planted")["streams"]), None)

    return create("/streams/", {"title": "planted"}, look)


def say(stream_id: str, text: str) -> None:
    """A line in its chat, once."""

    def look() -> Any:
        listed = read(f"/streams/{stream_id}/chat/history")["messages"]
        return next((line for line in listed if line["content"] == text), None)

    create(f"/streams/{stream_id}/chat", {"content": text}, look)


def lines_of(stream_id: str) -> list[str]:
    """What was said in its chat, by the facts."""
    listed = facts("events?kind=ChatPosted&limit=1000")["events"]
    return [
        event["values"]["content"] for event in listed if event["values"]["stream_id"] == stream_id
    ]


def check(holds: bool, claim: str) -> None:
    if not holds:
        sys.exit(f"FAILED: {claim}")
