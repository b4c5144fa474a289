"""Checkpoints: a thread moves written pages from the database's log into the database.

SQLite does so itself, in the middle of a change: it syncs the log, writes all pages and syncs
again, which takes seconds on a slow disk, and the event loop would wait. With a thread it need not:
the log may be read and written meanwhile. SQLite still does it where the log becomes very long.
"""

import asyncio
import logging

from emulator.core.errors import Refused
from emulator.world.store import database
from emulator.world.store.journal import Store

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
# After each, the next change starts the log from its beginning and syncs its head, on the loop.
_ROWS = 2_000
# The pause after a failed write.
_AGAIN_SECONDS = 60


async def keep_checkpoints(
    store: Store, path: str, look_seconds: float = _LOOK_SECONDS, rows: int = _ROWS
) -> None:
    """Until it is cancelled: one whenever so many rows were written, looking so often.

    One that is under way at the end is finished first.
    """
    done = store.rows_written
    while True:
        await asyncio.sleep(look_seconds)
        written = store.rows_written
        if written - done < rows:
            continue
        done = written
        work = asyncio.ensure_future(asyncio.to_thread(database.checkpoint, path))
        try:
            await asyncio.shield(work)
        except Refused as refused:
            log.warning("the database's log was not taken over reason=%s", refused.message)
            await asyncio.sleep(_AGAIN_SECONDS)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise
