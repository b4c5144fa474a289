"""Events: facts, in the past tense; nothing here says what to do about them.

An event carries ids and values, never an object of the world, so that it can be journalled. One
noun a file.
"""

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True):
    """Something that is true from `at_ms` on (milliseconds since 1970 UTC, the world's clock)."""

    at_ms: int
