"""Events: something that happened, in the past tense. Nothing here says how to react to it.

An event has ids and values, never an object of the world, so that it can be written to the journal.
One noun a file.
"""

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened at `at_ms` (milliseconds since 1970 UTC, by the world's clock)."""

    at_ms: int
