"""A blocked event loop is reported, with the line of code that blocks it."""

import asyncio
import logging
import re
import threading

import pytest

from emulator.cli.lib.loop_watch import watch_loop

_PATIENCE_SECONDS = 60


class Heard(logging.Handler):
    """A log handler that ends the block after the first report, and waits for the second."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.stands = threading.Event()
        self.goes_on = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        (self.stands if len(self.lines) == 1 else self.goes_on).set()


async def test_loop_watch_logs_where_the_loop_blocks_and_for_how_long() -> None:
    heard, log = Heard(), logging.getLogger("emulator.cli.lib.loop_watch")
    log.addHandler(heard)
    try:
        watching = asyncio.create_task(watch_loop(look_seconds=0.01, still_seconds=0.2))
        await asyncio.sleep(0)
        # When the loop's thread waits for something outside of the loop,
        assert heard.stands.wait(_PATIENCE_SECONDS)
        assert await asyncio.to_thread(heard.goes_on.wait, _PATIENCE_SECONDS)
    finally:
        log.removeHandler(heard)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    # then the log says where, and afterwards for how long.
    stands, goes_on = heard.lines[:2]
    assert re.search(r"stands still, .* at=threading.py:\d+ wait", stands), stands
    assert (length := re.search(r"goes on: it stood still for ([\d.]+) s", goes_on)), goes_on
    assert float(length[1]) >= 0.2
