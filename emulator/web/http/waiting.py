"""Waiting on a world's clock, for delayed answers."""

import asyncio

from emulator.core.clock import Clock


async def pause(clock: Clock, duration_ms: int) -> None:
    """Wait until `duration_ms` of the clock's time have passed."""
    is_due = asyncio.Event()
    timer = clock.call_at(clock.now_ms() + duration_ms, is_due.set)
    try:
        await is_due.wait()
    finally:
        timer.cancel()
