"""LineQueue: what sockets say within one turn of the loop becomes one change of the world.

A change of its own would cost each line as much again as the line itself.
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

# So many take some 15 ms; the rest waits for the loop's next turn.
_LINES_A_TURN = 500
# Lines of one socket that may be under way; then it is not read until they are done.
_BACKLOG_MAX = 32

# The result of a line; None: it is seen, and needs no answer.
Outcome = ChatHeld | Refused | None


class LineQueue:
    """`tell` says to a line's author what became of it."""

    def __init__(self, world: World, tell: Callable[[ChatClient, Outcome], None]) -> None:
        self._world = world
        self._tell = tell
        self._lines: deque[tuple[ChatClient, User, str]] = deque()

    def take(self, client: ChatClient, author: User, content: str) -> None:
        """Post a line with all others of this turn."""
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
                    said = [(author, content) for _, author, content in queued]
                    results = messages.post_many(self._world, stream_id, said)
                    outcomes += zip((client for client, _, _ in queued), results, strict=True)
        except Refused as refused:  # Nothing of the turn could be written.
            outcomes = [(client, refused) for client, _, _ in batch]
        finally:
            for client, _, _ in batch:
                client.backlog -= 1
                client.has_room.set()
        for client, outcome in outcomes:
            self._tell(client, outcome)
