"""Collector: delays Python's full garbage collections until the server is quiet.

By itself, Python makes a full collection whenever a quarter of the objects is new. With two
thousand chat readers, that blocked the loop for 165 ms in the middle of a flood. Young garbage,
which is nearly all of it, is collected as usual. While it is quiet, and once a minute otherwise,
freed memory also goes back to the system.
"""

import asyncio
import gc
from typing import TYPE_CHECKING

from emulator.core.clock import busy_us

if TYPE_CHECKING:
    from emulator.machine.memory import Heap

_LOOK_SECONDS = 1
# After this many collections of the middle generation a full one is due (Python's own figure).
_DUE = 10
# After this many (some 700,000 more objects) it does not wait for quiet any longer.
_OVERDUE = 100
_PATIENCE_SECONDS = 60
# It is quiet if less than this share of a processor was used since the last look.
_QUIET_SHARE = 0.1
_NEVER = 1_000_000_000


async def collect_in_quiet() -> None:
    """Make full collections only in quiet. Once cancelled, Python collects by itself again."""
    usual = gc.get_threshold()
    gc.set_threshold(usual[0], usual[1], _NEVER)
    waited_seconds = full_seconds = 0
    heap: Heap | None = None
    try:
        while True:
            before_us = busy_us()
            await asyncio.sleep(_LOOK_SECONDS)
            share = (busy_us() - before_us) / 1_000_000 / _LOOK_SECONDS
            if is_time(gc.get_count()[2], waited_seconds, share):
                gc.collect()
                waited_seconds = 0
            else:
                waited_seconds += _LOOK_SECONDS
            full_seconds += _LOOK_SECONDS
            # A busy server gives back what a peak has left, too, but only now and then.
            if share < _QUIET_SHARE or full_seconds >= _PATIENCE_SECONDS:
                full_seconds = 0
                heap = heap or _heap()
                heap.give_back()
    finally:
        gc.set_threshold(*usual)


def _heap() -> "Heap":
    # Imported late: ctypes would add some milliseconds to a start.
    from emulator.machine.memory import Heap

    return Heap()


def is_time(count: int, waited_seconds: int, share: float) -> bool:
    """Whether to collect now, after this wait and with this share of a processor in use."""
    if count < _DUE:
        return False
    return share < _QUIET_SHARE or waited_seconds >= _PATIENCE_SECONDS or count >= _OVERDUE
