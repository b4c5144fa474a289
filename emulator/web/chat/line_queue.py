"""LineQueue: the lines of all sockets in one turn of the event loop are one change of the world.

A change for each line would double its cost.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import groupby

from emulator.core.errors import Refused
from emulator.core.events.chat import ChatHeld
from emulator.web.chat.room import ChatClient
from emulator.world.chat import messages
from emulator.world.people.accounts import User
from emulator.world.world import World

# This many lines take some 15 ms; more wait for the loop's next turn.
_LINES_A_TURN = 500
# Unfinished lines of one socket, above which it is not read until they are done.
_BACKLOG_MAX = 32

# The result of a line; None for a published one, which needs no answer.
Outcome = ChatHeld | Refused | None


class LineQueue:
    """Posts lines; `tell` sends each author the outcome."""

    def __init__(self, world: World, tell: Callable[[ChatClient, Outcome], None]) -> None:
        self._world = world
        self._tell = tell
        self._lines: deque[tuple[ChatClient, User, str]] = deque()

    def take(self, client: ChatClient, author: User, content: str) -> None:
        """Queue a line, to be posted with all others of this turn."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._post)
        self._lines.append((client, author, content))
        client.backlog += 1
        if client.backlog >= _BACKLOG_MAX:
            client.has_room.clear()

    def _post(self) -> None:
        batch = [self._lines.popleft() for _ in range(min(len(self._lines), _LINES_A_TURN))]
        if self._lines:
            asyncio.get_running_loop().call_soon(self._post)
        outcomes: list[tuple[ChatClient, Outcome]] = []
        try:
            with self._world.change():
                for stream_id, lines in groupby(batch, lambda line: line[0].stream_id):
                    queued = list(lines)
                    posts = [(author, content) for _, author, content in queued]
                    results = messages.post_many(self._world, stream_id, posts)
                    outcomes += zip((client for client, _, _ in queued), results, strict=True)
        except Refused as refused:  # No line of this turn could be written.
            outcomes = [(client, refused) for client, _, _ in batch]
        finally:
            for client, _, _ in batch:
                client.backlog -= 1
                client.has_room.set()
        for client, outcome in outcomes:
            self._tell(client, outcome)
