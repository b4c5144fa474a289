"""LineQueue: the lines of all sockets in one turn of the event loop are one change of the world.

A change for each line would double its cost.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

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
        lines = [(client.stream_id, author, content) for client, author, content in batch]
        outcomes: Sequence[Outcome]
        try:
            outcomes = messages.post_many(self._world, lines)
        except Refused as refused:  # No line of this turn could be written.
            outcomes = [refused] * len(batch)
        finally:
            for client, _, _ in batch:
                client.backlog -= 1
                client.has_room.set()
        for (client, _, _), outcome in zip(batch, outcomes, strict=True):
            self._tell(client, outcome)
