"""A store that cannot be written, as on a full or read-only disk."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.world.store.journal import Store


@contextmanager
def unwritable(store: Store) -> Iterator[None]:
    """Let SQLite refuse every write until the block ends; reads still work."""
    store.rows("PRAGMA query_only = ON")
    try:
        yield
    finally:
        store.rows("PRAGMA query_only = OFF")


@contextmanager
def full(store: Store) -> Iterator[None]:
    """Let the database grow by no page until the block ends."""
    [(pages,)] = store.rows("PRAGMA page_count")
    [(limit,)] = store.rows("PRAGMA max_page_count")
    store.rows(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        store.rows(f"PRAGMA max_page_count = {limit}")
