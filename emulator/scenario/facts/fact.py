"""Fact: something that an expectation can ask for by a path, such as `stream.launch.status`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from emulator.core.values import dataclass
from emulator.scenario.facts import conditions
from emulator.scenario.facts.conditions import Condition, FactKind

if TYPE_CHECKING:
    from emulator.scenario.stage import Evening

# What stands in the middle of a path: a stream's name, a user's, or nothing.
Middle = Literal["stream", "user", "vod", "saved", "event", "none"]


@dataclass(frozen=True, slots=True)
class Fact:
    """`read` gives its value now; None where the thing that it is about is not there yet.

    `choices`: the words that it can be, where those are few.
    """

    kind: FactKind
    help: str
    read: Callable[["Evening", str], Any]
    choices: tuple[str, ...] = ()

    def condition(self, raw: Any) -> Condition:
        """What an expectation wants of it. Refuses (`ValueError`) what cannot be meant."""
        return conditions.parse(self.kind, raw, self.choices)


@dataclass(frozen=True, slots=True)
class Noun:
    """The facts of one noun, by the last word of their path."""

    middle: Middle
    facts: dict[str, Fact]
