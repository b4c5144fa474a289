"""Action: what every action of the language is: a checked value with a `run`.

To add one, write a class with a docstring (its first line is its help), an `example` and a `run`
into the file of its noun; `registry` finds it there.
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

from emulator.scenario.engine.run import RunContext
from emulator.scenario.language.action import ActionSpec

# What a lasting action yields: in how many milliseconds it wants to go on.
Ticks = Iterator[int]
# What it yields if it also waits for something outside the world.
AsyncTicks = AsyncIterator[int]


class Action(ActionSpec):
    """`run` acts at once, or is a coroutine, or yields `Ticks` while it lasts."""

    @abstractmethod
    def run(self, context: RunContext) -> Awaitable[Any] | Ticks | AsyncTicks | None:
        """Do it. A `Refused` is noted in the report as what the platform said."""
