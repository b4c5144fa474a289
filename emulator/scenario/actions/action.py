"""Action: the base of every action of the language: a checked value with a `run`.

To add one, write a class with a docstring (its first line is its help), an `example` and a `run` in
the file of its noun; `registry` finds it there.
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

from emulator.scenario.engine.run import Run, RunContext
from emulator.scenario.language.action import ActionSpec

# A lasting action yields the milliseconds until it wants to continue.
Ticks = Iterator[int]
# An action that also waits for something outside the world yields them asynchronously.
AsyncTicks = AsyncIterator[int]


class Action(ActionSpec):
    """An action. `run` acts at once, is a coroutine, or yields `Ticks` while it lasts."""

    @abstractmethod
    def run(self, context: RunContext) -> Awaitable[Any] | Ticks | AsyncTicks | None:
        """Run the action. A `Refused` is reported as the platform's refusal."""

    @classmethod
    def finish_joined(cls, run: Run) -> None:
        """Do what all joined actions of an instant have left to be done at once."""
