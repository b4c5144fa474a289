"""Fact: something that an expectation can ask for by a path, such as `stream.launch.status`."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from emulator.scenario.facts import conditions
from emulator.scenario.facts.conditions import Condition, FactKind
from emulator.scenario.language.errors import meant

if TYPE_CHECKING:
    from emulator.scenario.engine.run import Run

# The kind of name in the middle of a path: a stream's, a user's, or "none".
Middle = Literal["stream", "user", "vod", "saved", "event", "step", "none"]


class Fact(Struct, frozen=True):
    """One value that an expectation can ask for.

    `read` gives its value now, or None where its subject does not exist yet. `choices` are the
    words that it can be, if there are only a few. `filters` are the names that its `where` may
    contain; `count` then gives how many things meet that `where`.
    """

    kind: FactKind
    help: str
    read: Callable[["Run", str], Any]
    choices: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    count: "Count | None" = None

    def condition(self, raw: Any) -> Condition:
        """Return the condition that an expectation states.

        Refuses (`ValueError`) one that can never hold.
        """
        where, rest = conditions.split(raw)
        if not where:
            return conditions.parse(self.kind, raw, self.choices)
        if not self.filters:
            raise ValueError("this fact takes no where")
        for name, wanted in where.items():
            if name not in self.filters:
                raise ValueError(f"where has no {str(name)[:40]} here{meant(name, self.filters)}")
            conditions.parse("any", wanted)
        condition = conditions.parse(self.kind, rest, self.choices)
        return replace(condition, text=f"{condition.text} where {conditions.text_of(where)}")

    def value(self, run: "Run", middle: str, where: Mapping[str, Any]) -> Any:
        """Return its value now; with `where`, the number of things that meet it."""
        if where and self.count is not None:
            return self.count(run, middle, where)
        return self.read(run, middle)


# Counts the things that meet a `where`, whose values are conditions.
Count = Callable[["Run", str, Mapping[str, Any]], int]


def counted(help_text: str, filters: tuple[str, ...], rows: "Rows") -> Fact:
    """Return a fact that counts things, all of them or those that a `where` selects.

    `rows` gives each thing as the values of the `filters`.
    """

    def count(run: "Run", middle: str, where: Mapping[str, Any]) -> int:
        wanted = {name: conditions.parse("any", raw) for name, raw in where.items()}
        return sum(
            all(condition.holds(row[name]) for name, condition in wanted.items())
            for row in rows(run, middle)
        )

    return Fact(
        "number",
        help_text,
        lambda run, middle: count(run, middle, {}),
        filters=filters,
        count=count,
    )


# Gives all things to count, each as its values by the names that a `where` may contain.
Rows = Callable[["Run", str], Iterable[Mapping[str, Any]]]


class Noun(Struct, frozen=True):
    """The facts of one noun, by the last word of their path."""

    middle: Middle
    facts: dict[str, Fact]
