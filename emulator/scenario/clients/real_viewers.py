"""RealViewers: the real viewers of one stream, of one kind.

The first to come is the first to go. Their number is bounded: each costs a task and one or two
connections, and with WebRTC encryption too.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from emulator.core.clock import Clock
from emulator.core.errors import Refused
from emulator.scenario.clients.viewer import Viewer, ViewerIdentity

VIEWERS_MAX = 500
WHEP_VIEWERS_MAX = 100
# The number of viewers that connect at once: more would wait for each other.
_COMING_AT_ONCE = 20

# The identity of a viewer by its number.
IdentityOf = Callable[[int], ViewerIdentity]
# The time that the next viewer stays, in milliseconds; None: to the end.
StayOf = Callable[[], float | None]


class RealViewers:
    """The viewers of one stream. `make` returns a viewer that has not connected yet."""

    def __init__(self, clock: Clock, make: Callable[[ViewerIdentity], Viewer], most: int) -> None:
        self._clock = clock
        self._make = make
        self._most = most
        self._there: deque[Viewer] = deque()
        self._leaving: set[asyncio.Task[None]] = set()
        self._came = 0

    @property
    def count(self) -> int:
        return len(self._there)

    async def reach(self, count: int, cast: IdentityOf, stay_of: StayOf) -> None:
        """Change the number of viewers to `count`."""
        if count > self.count:
            await self.come(count - self.count, cast, stay_of)
        elif count < self.count:
            await self.go(self.count - count)

    async def come(self, count: int, cast: IdentityOf, stay_of: StayOf) -> None:
        """Add `count` viewers. Refuses (`invalid`) too many, and what the platform refuses."""
        if self.count + count > self._most:
            raise Refused(
                "invalid", f"There can be at most {self._most} real viewers of this kind."
            )
        at_once = asyncio.Semaphore(_COMING_AT_ONCE)
        coming = []
        for _ in range(count):
            self._came += 1
            coming.append(self._come(self._make(cast(self._came)), stay_of(), at_once))
        outcomes = await asyncio.gather(*coming, return_exceptions=True)
        for failure in outcomes:
            if failure is not None:
                raise failure

    async def go(self, count: int) -> None:
        """Remove `count` viewers."""
        going = [self._there.popleft() for _ in range(min(count, self.count))]
        await asyncio.gather(*(viewer.go() for viewer in going))

    async def close(self) -> None:
        """Remove all viewers, and wait for those that are leaving already."""
        await self.go(self.count)
        await asyncio.gather(*self._leaving)

    async def _come(
        self, viewer: Viewer, stays_ms: float | None, at_once: asyncio.Semaphore
    ) -> None:
        async with at_once:
            await viewer.come()
        self._there.append(viewer)
        if stays_ms is not None:
            self._clock.call_at(self._clock.now_ms() + round(stays_ms), lambda: self._leave(viewer))

    def _leave(self, viewer: Viewer) -> None:
        """Remove a viewer at the end of its stay, if it is still there."""
        if viewer in self._there:
            self._there.remove(viewer)
            leaving = asyncio.ensure_future(viewer.go())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
