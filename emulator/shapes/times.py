"""Times on the wire: UTC, ISO 8601, milliseconds, `Z` (contract, Conventions)."""

from datetime import UTC, datetime
from functools import lru_cache


# A page of streams has some eighty instants, mostly the same ones as the page before.
@lru_cache(maxsize=10_000)
def iso(at_ms: int) -> str:
    """`2026-01-01T00:00:00.000Z` for milliseconds since 1970."""
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def iso_or_none(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso(at_ms)
