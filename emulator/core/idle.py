"""Idle: waiting until an event loop has nothing left to run.

Trio's autojump clock asks its scheduler the same. asyncio has no such question, so the callbacks
that are ready are counted: behind the one that asks there must be none.
"""

import asyncio
import gc
from collections import deque
from collections.abc import Sized
from weakref import WeakKeyDictionary

# What shares the loop and is never idle, such as a world under load, holds a clock up for so many
# turns of the loop at each instant. A chain of awaits that is no longer keeps its instant even so.
TURNS_MAX = 1_000


class _Idle:
    """What waits for one loop to be idle."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ready = ready_callbacks(loop)
        self._waiting = 0
        self._times = 0

    async def wait(self) -> None:
        self._waiting += 1
        try:
            # The loop also looks for what the network has brought in this turn.
            await asyncio.sleep(0)
            times = self._times
            for _ in range(TURNS_MAX):
                # It was idle for another that waits, and may be busy with that one's doings now.
                if self._times != times:
                    return
                # All that wait stand there themselves, but for the one that looks.
                if self._ready is not None and len(self._ready) < self._waiting:
                    self._times += 1
                    return
                await asyncio.sleep(0)
        finally:
            self._waiting -= 1


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
    """The callbacks that a loop has yet to call, as they are at any time; None if it hides them.

    No loop documents them. asyncio's keep them in `_ready`; uvloop's and winloop's too, where only
    the garbage collector can see it. A test says so when that changes.
    """
    ready: Sized | None = getattr(loop, "_ready", None)
    if ready is None:
        ready = next((part for part in gc.get_referents(loop) if isinstance(part, deque)), None)
    return ready
