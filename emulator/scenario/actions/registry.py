"""Registry: which actions there are, by name. A noun's file is imported when it is first used."""

from functools import cache
from importlib import import_module

from emulator.scenario.actions.action import Action

# Where the actions of each noun are.
NOUNS = {
    "stream": "live.stream",
    "log": "evening.log",
    "wait": "evening.wait",
    "expect": "evening.expect",
}


@cache
def of_noun(noun: str) -> dict[str, type[Action]]:
    """The actions of a noun by their whole name; none where there is no such noun."""
    where = NOUNS.get(noun)
    if where is None:
        return {}
    module = import_module(f"emulator.scenario.actions.{where}")
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Action)
        and value.__module__ == module.__name__
        and "name" in vars(value)
    ]
    return {action.name: action for action in found if action.name.partition(".")[0] == noun}


def find(name: str) -> type[Action] | None:
    return of_noun(name.partition(".")[0]).get(name)


@cache
def every() -> dict[str, type[Action]]:
    """All actions, in the order of `NOUNS`."""
    return {name: action for noun in NOUNS for name, action in of_noun(noun).items()}
