"""SQLite's log is moved into the database in another thread, without delaying writers."""

import asyncio
from pathlib import Path

import pytest

from emulator.platform.checkpoints import keep_checkpoints
from emulator.world.store.database import open_database
from emulator.world.store.journal import Store


def write(store: Store, count: int) -> None:
    for number in range(count):
        with store.change():
            store.write("INSERT OR REPLACE INTO meta VALUES (?, 'written')", f"row {number}")


async def test_checkpoints_move_written_rows_into_the_database(tmp_path: Path) -> None:
    # Given a database whose log was never checkpointed,
    path = tmp_path / "world.sqlite3"
    store = Store(open_database(str(path)))
    task = asyncio.create_task(keep_checkpoints(store, str(path), look_seconds=0.01, rows=10))
    await asyncio.sleep(0)
    size = path.stat().st_size

    # when enough is written, then the file itself soon has it.
    write(store, 10)
    async with asyncio.timeout(60):
        while path.stat().st_size == size:  # noqa: ASYNC110  A file tells nobody.
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.close()
