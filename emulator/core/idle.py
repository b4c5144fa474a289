"""Idle: wait until an event loop has nothing left to run.

Trio's autojump clock can ask its scheduler for this. asyncio has no such call, so the callbacks
that are ready to run are counted: the loop is idle when there are none but those that wait here.
"""

import asyncio
import gc
from collections import deque
from collections.abc import Generator, Sized
from types import coroutine
from weakref import WeakKeyDictionary

# Other work on the loop that is never idle, such as a world under load, delays a virtual clock by
# at most so many turns of the loop at each instant. Chains of awaits up to this length are safe.
TURNS_MAX = 1_000


class _Idle:
    """The coroutines that wait for one loop to be idle."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ready = ready_callbacks(loop)
        self._waiting = 0
        self._times = 0

    async def wait(self) -> None:
        self._waiting += 1
        try:
            # In this turn the loop also polls its sockets.
            await _next_turn()
            times = self._times
            for _ in range(TURNS_MAX):
                # The loop was idle for another waiter, and may now run what that one started.
                if self._times != times:
                    return
                # The other waiters are ready callbacks, too; this one is running.
                if self._ready is not None and len(self._ready) < self._waiting:
                    self._times += 1
                    return
                await _next_turn()
        finally:
            self._waiting -= 1


@coroutine
def _next_turn() -> Generator[None, None, None]:
    """Wait for the loop's next turn. `asyncio.sleep(0)` does the same with one call more."""
    yield


_idle: WeakKeyDictionary[asyncio.AbstractEventLoop, _Idle] = WeakKeyDictionary()


async def wait_until_idle() -> None:
    """Return once no callback of the running loop is ready: every task waits for something.

    Returns after `TURNS_MAX` turns of the loop in any case.
    """
    loop = asyncio.get_running_loop()
    idle = _idle.get(loop)
    if idle is None:
        idle = _idle[loop] = _Idle(loop)
    await idle.wait()


def ready_callbacks(loop: asyncio.AbstractEventLoop) -> Sized | None:
    """The live queue of callbacks that a loop is about to call; None if it cannot be reached.

    No loop documents this. asyncio's loops have it as `_ready`; so do uvloop's and winloop's, but
    there only the garbage collector sees it. A test fails when that changes.
    """
    ready: Sized | None = getattr(loop, "_ready", None)
    if ready is None:
        ready = next((part for part in gc.get_referents(loop) if isinstance(part, deque)), None)
    return ready
