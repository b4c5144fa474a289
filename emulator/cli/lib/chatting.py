"""Chatting: one user at a stream's chat socket, also across lost connections.

Every line is shown exactly once, by its id: lines posted while the connection was lost are fetched
from the history. An own line without an answer is posted again, unless the history has it.
"""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from emulator.cli import Failed
from emulator.cli.lib.api import Api

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

Event = dict[str, Any]

# Close codes after which the server would refuse a new connection, too.
_FINAL_CODES = {1007, 1008, 1009, 4004}
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
_SEEN_MAX = 10_000
# The most pages of history, of a hundred lines each, that are fetched after a long absence.
_PAGES_MAX = 100


class Chatting:
    """One user's chat. `show` gets each event once, `complain` problems of the connection."""

    def __init__(
        self,
        api: Api,
        stream_id: str,
        username: str,
        show: Callable[[Event], None],
        complain: Callable[[str], None],
    ) -> None:
        self._api = api
        self._stream_id = stream_id
        self._username = username
        self._show = show
        self._complain = complain
        self._seen: dict[str, None] = {}
        self._unsaid: deque[str] = deque()
        self._unanswered: deque[str] = deque()
        self._has_news = asyncio.Event()
        self._is_ending = False
        self.said = 0
        self.refused = 0

    def say(self, content: str) -> None:
        """Post a line as soon as there is a connection."""
        self._unsaid.append(content)
        self.said += 1
        self._has_news.set()

    def finish(self) -> None:
        """Let `run` end once every line is answered: no more lines follow."""
        self._is_ending = True
        self._has_news.set()

    async def run(self) -> None:
        """Run until all lines are posted, or without end. Raises `Failed` if access is refused."""
        failures = 0
        while True:
            has_met = await self._meet()
            if self._is_done:
                return
            failures = 1 if has_met else failures + 1
            wait_seconds = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1]
            if failures == 1:
                self._complain("the connection is lost, trying again")
            await asyncio.sleep(wait_seconds)

    @property
    def _is_done(self) -> bool:
        return self._is_ending and not self._unsaid and not self._unanswered

    async def _meet(self) -> bool:
        """Run one connection to its end. Returns whether it was established."""
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed, InvalidHandshake

        try:
            connection = await connect(
                self._address(), ssl=self._api.tls(), proxy=None, compression=None, max_size=None
            )
        except (OSError, TimeoutError, InvalidHandshake):
            return False
        async with connection:
            has_history = asyncio.Event()
            speaking = asyncio.ensure_future(self._speak(connection, has_history))
            try:
                await self._listen(connection, has_history)
            except ConnectionClosed as closed:
                goodbye = closed.rcvd
                if goodbye is not None and goodbye.code in _FINAL_CODES:
                    raise Failed(f"The chat is closed: {goodbye.reason}.") from None
            finally:
                speaking.cancel()
                with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                    await speaking
        return True

    def _address(self) -> str:
        base = "ws" + self._api.url.removeprefix("http")
        token = quote(self._api.key, safe="")
        return f"{base}/api/v1/streams/{self._stream_id}/chat/ws?token={token}"

    async def _listen(self, connection: "ClientConnection", has_history: asyncio.Event) -> None:
        async for frame in connection:
            event: Event = json.loads(frame)
            if event["type"] == "history":
                await self._catch_up(event["data"])
                has_history.set()
            else:
                self._take(event)
            if self._is_done:
                return

    async def _speak(self, connection: "ClientConnection", has_history: asyncio.Event) -> None:
        # Only history says which lines were not heard before the connection was lost.
        await has_history.wait()
        while True:
            self._has_news.clear()
            while self._unsaid:
                content = self._unsaid.popleft()
                self._unanswered.append(content)
                await connection.send(json.dumps({"type": "message", "content": content}))
            if self._is_done:
                await connection.close()
                return
            await self._has_news.wait()

    async def _catch_up(self, lines: list[Event]) -> None:
        """Show the latest lines, or those posted since the connection was lost."""
        if self._seen:
            lines = await asyncio.to_thread(self._since_lost, lines)
        for line in lines:
            self._take({"type": "message", "data": line})
        # These had no answer when the connection was lost, and are not in the history.
        self._unsaid.extendleft(reversed(self._unanswered))
        self._unanswered.clear()
        self._has_news.set()

    def _since_lost(self, lines: list[Event]) -> list[Event]:
        """The history, with earlier pages until it reaches a line that was shown already."""
        cursor = lines[0]["id"] if lines else None
        for _ in range(_PAGES_MAX):
            if cursor is None or any(line["id"] in self._seen for line in lines):
                break
            path = f"/api/v1/streams/{self._stream_id}/chat/history?limit=100&before={cursor}"
            page = self._api.call("GET", path)
            lines = page["messages"] + lines
            cursor = page["next_cursor"]
        return lines

    def _take(self, event: Event) -> None:
        kind, data = event["type"], event.get("data", {})
        if kind == "message":
            if data["id"] in self._seen:
                return
            self._seen[data["id"]] = None
            if len(self._seen) > _SEEN_MAX:
                del self._seen[next(iter(self._seen))]
            if data["user"]["username"] == self._username:
                with contextlib.suppress(ValueError):
                    self._unanswered.remove(data["content"])
        elif kind == "error" and self._unanswered:
            # A refusal comes after the answers to the lines before it.
            self._unanswered.popleft()
            self.refused += 1
        self._show(event)
