"""Waiting on a world's clock, where an answer is to come later."""

import asyncio

from emulator.core.clock import Clock


async def pause(clock: Clock, duration_ms: int) -> None:
    """Return when so much of the clock's time has passed."""
    is_due = asyncio.Event()
    timer = clock.call_at(clock.now_ms() + duration_ms, is_due.set)
    try:
        await is_due.wait()
    finally:
        timer.cancel()
