"""Registry: all facts, found by their paths."""

from functools import cache
from importlib import import_module

from msgspec.structs import replace

from emulator.scenario.facts.fact import Fact, Middle, Noun
from emulator.scenario.language import happenings
from emulator.scenario.language.errors import meant

_MODULES = ("live", "audience", "chat", "people", "library", "run")


@cache
def nouns() -> dict[str, Noun]:
    """Return every noun that the path of a fact may begin with."""
    values: dict[str, Noun] = {}
    for module in _MODULES:
        values |= import_module(f"emulator.scenario.facts.{module}").NOUNS
    return values


def find(path: str) -> tuple[Fact, Middle, str]:
    """Return the fact that a path names, the kind of the path's middle, and the middle.

    Refuses (`ValueError`) a path that names no fact.
    """
    first, _, rest = path.partition(".")
    noun = nouns().get(first)
    if noun is None:
        raise ValueError(f"There is nothing called {first[:40]}{meant(first, nouns())}")
    if noun.middle == "event":
        if rest not in happenings.kinds():
            raise ValueError(f"There is no event {rest[:60]}{meant(rest, happenings.kinds())}")
        filters = tuple(sorted(happenings.values_of(happenings.kinds()[rest])))
        return replace(noun.facts["count"], filters=filters), noun.middle, rest
    if noun.middle == "saved":
        return noun.facts["value"], noun.middle, rest
    middle, _, last = rest.rpartition(".")
    if noun.middle == "none" and middle:
        raise ValueError(f"{first} takes no name: write {first}.{last}")
    if noun.middle != "none" and not middle:
        raise ValueError(f"{first} needs a name and a fact: {first}.NAME.{next(iter(noun.facts))}")
    fact = noun.facts.get(last)
    if fact is None:
        raise ValueError(f"{first} has no {last[:40]}{meant(last, noun.facts)}")
    return fact, noun.middle, middle
