"""What happened. Facts, in the past tense; nothing here says what to do about them.

An event carries ids and values, never an object of the world, so that it can be journalled. One
noun a file.
"""

from emulator.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that is true from `at_ms` on (milliseconds since 1970 UTC, the world's clock)."""

    at_ms: int
