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

# What stands in the middle of a path: a stream's name, a user's, or nothing.
Middle = Literal["stream", "user", "vod", "saved", "event", "step", "none"]


class Fact(Struct, frozen=True):
    """`read` gives its value now; None where the thing that it is about is not there yet.

    `choices`: the words that it can be, where those are few. `filters`: the names that its `where`
    may ask for; `count` then gives how many there are of what meets that.
    """

    kind: FactKind
    help: str
    read: Callable[["Run", str], Any]
    choices: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    count: "Count | None" = None

    def condition(self, raw: Any) -> Condition:
        """What an expectation wants of it. Refuses (`ValueError`) what cannot be meant."""
        where, rest = conditions.split(raw)
        if not where:
            return conditions.parse(self.kind, raw, self.choices)
        if not self.filters:
            raise ValueError("this is counted as a whole: it takes no where")
        for name, wanted in where.items():
            if name not in self.filters:
                raise ValueError(f"where has no {str(name)[:40]} here{meant(name, self.filters)}")
            conditions.parse("any", wanted)
        condition = conditions.parse(self.kind, rest, self.choices)
        return replace(condition, text=f"{condition.text} where {conditions.text_of(where)}")

    def value(self, run: "Run", middle: str, where: Mapping[str, Any]) -> Any:
        """Its value now; with `where`, of what meets that alone."""
        if where and self.count is not None:
            return self.count(run, middle, where)
        return self.read(run, middle)


# How many of something meet a `where`, whose values are conditions.
Count = Callable[["Run", str, Mapping[str, Any]], int]


def counted(help_text: str, filters: tuple[str, ...], rows: "Rows") -> Fact:
    """A number of things, of which a `where` picks some. `rows` gives them by those names."""

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


# All of something, each by the names that a `where` may ask for.
Rows = Callable[["Run", str], Iterable[Mapping[str, Any]]]


class Noun(Struct, frozen=True):
    """The facts of one noun, by the last word of their path."""

    middle: Middle
    facts: dict[str, Fact]
