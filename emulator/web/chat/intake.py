"""Intake: what sockets say within one turn of the loop becomes one change of the world.

A change of its own would cost each line as much again as the line itself.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from emulator.core.errors import Refused
from emulator.core.events.chat import ChatHeld, ChatPosted
from emulator.web.chat.gathering import Guest
from emulator.world.chat import messages
from emulator.world.people.accounts import User
from emulator.world.world import World

# So many take some 15 ms; the rest waits for the loop's next turn.
_LINES_A_TURN = 500
# Lines of one socket that may be under way; then it is not read until they are done.
_BACKLOG_MAX = 32

Outcome = ChatPosted | ChatHeld | Refused


class Intake:
    """`tell` says to a line's author what became of it."""

    def __init__(self, world: World, tell: Callable[[Guest, Outcome], None]) -> None:
        self._world = world
        self._tell = tell
        self._lines: deque[tuple[Guest, User, str]] = deque()

    def take(self, guest: Guest, author: User, content: str) -> None:
        """Post a line with all others of this turn."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._post)
        self._lines.append((guest, author, content))
        guest.backlog += 1
        if guest.backlog >= _BACKLOG_MAX:
            guest.has_room.clear()

    def _post(self) -> None:
        batch = [self._lines.popleft() for _ in range(min(len(self._lines), _LINES_A_TURN))]
        if self._lines:
            asyncio.get_running_loop().call_soon(self._post)
        outcomes: list[tuple[Guest, Outcome]] = []
        try:
            with self._world.change():
                for guest, author, content in batch:
                    outcomes.append((guest, self._say(guest, author, content)))
        finally:
            for guest, _, _ in batch:
                guest.backlog -= 1
                guest.has_room.set()
        for guest, outcome in outcomes:
            self._tell(guest, outcome)

    def _say(self, guest: Guest, author: User, content: str) -> Outcome:
        try:
            return messages.post(self._world, guest.stream_id, author, content)
        except Refused as refused:
            return refused
