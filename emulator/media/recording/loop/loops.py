"""Loops: the shelves of simulated streams, made when somebody watches.

All of them show one film, rendered once a process.
"""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from emulator.core.clock import Clock
from emulator.media.shelf.shelf import Shelf
from emulator.media.shelf.shelves import Shelves

if TYPE_CHECKING:
    from emulator.media.recording.loop.film import Film

# The shelf that holds one round, for pictures of it; no stream has such a uid.
ROUND_UID: Final = "0" * 32
_SHELVES_KEPT = 64


class Loops:
    """For the event loop's thread. `world` and the stream's `uid` tell loops apart."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._film: Film | None = None
        self._rendering = asyncio.Lock()
        self._kept: OrderedDict[tuple[str, str, int | None], Shelf] = OrderedDict()

    async def shelf(
        self, clock: Clock, world: str, uid: str, started_ms: int, ended_ms: int | None
    ) -> Shelf:
        """The shelf of a stream that has run since `started_ms`, and is live without `ended_ms`."""
        film = await self.film()
        # Late, here and below: a start need not wait for what only a viewer needs.
        from emulator.media.recording.loop.loop_shelf import LiveLoop, RecordedLoop

        key = (world, uid, ended_ms)
        shelf = self._kept.get(key)
        if shelf is None:
            shelf = self._kept[key] = (
                LiveLoop(film, clock, started_ms)
                if ended_ms is None
                else RecordedLoop(film, started_ms, ended_ms)
            )
            while len(self._kept) > _SHELVES_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return shelf

    async def pictured(self, time: str | None) -> tuple[str, str | None]:
        """The uid of a recording of one round, and the time in it that shows what `time` does.

        Refuses (`invalid`) a time that is none.
        """
        film = await self.film()
        from emulator.media.recording.loop.film import ROUND_SECONDS
        from emulator.media.recording.loop.loop_shelf import RecordedLoop
        from emulator.media.recording.pictures import parse_time

        self._shelves.lend(ROUND_UID, RecordedLoop(film, 0, ROUND_SECONDS * 1000))
        return ROUND_UID, None if time is None else f"{parse_time(time) % ROUND_SECONDS}s"

    async def film(self) -> "Film":
        """The film; the first who asks waits for it to be rendered."""
        async with self._rendering:
            if self._film is None:
                from emulator.media.recording.loop.film import render

                self._film = await asyncio.to_thread(render)
        return self._film

    def forget(self, world: str) -> None:
        """A world was reset or dropped: its streams began at other times."""
        for key in [key for key in self._kept if key[0] == world]:
            del self._kept[key]
