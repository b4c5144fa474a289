"""A store that cannot be written, as on a full disk or one that became read-only."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.world.store.journal import Store


@contextmanager
def unwritable(store: Store) -> Iterator[None]:
    """SQLite itself refuses every write until the block ends; reads go on."""
    store.rows("PRAGMA query_only = ON")
    try:
        yield
    finally:
        store.rows("PRAGMA query_only = OFF")


@contextmanager
def full(store: Store) -> Iterator[None]:
    """The database may not grow by one page until the block ends."""
    [(pages,)] = store.rows("PRAGMA page_count")
    [(limit,)] = store.rows("PRAGMA max_page_count")
    store.rows(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        store.rows(f"PRAGMA max_page_count = {limit}")
