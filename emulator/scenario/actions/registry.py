"""Registry: all actions by name. A noun's files are imported when it is first used."""

from functools import cache
from importlib import import_module

from emulator.scenario.actions.action import Action

# The modules with the actions of each noun.
NOUNS: dict[str, tuple[str, ...]] = {
    "stream": ("live.stream",),
    "publish": ("live.publish",),
    "viewers": ("live.viewers",),
    "chat": ("chat.saying", "chat.flood", "chat.order"),
    "people": ("people",),
    "vod": ("library.vod",),
    "clip": ("library.clip",),
    "video": ("library.video",),
    "schedule": ("library.schedule",),
    "category": ("library.category",),
    "fault": ("fault",),
    "http": ("http",),
    "clock": ("clock",),
    "log": ("log",),
    "wait": ("wait",),
    "snapshot": ("snapshot",),
    "expect": ("expect",),
    "throughout": ("expect",),
    "never": ("expect",),
}


@cache
def of_noun(noun: str) -> dict[str, type[Action]]:
    """The actions of a noun by their full name; none for an unknown noun."""
    actions = {}
    for where in NOUNS.get(noun, ()):
        module = import_module(f"emulator.scenario.actions.{where}")
        for value in vars(module).values():
            is_action = isinstance(value, type) and issubclass(value, Action)
            is_own = is_action and value.__module__ == module.__name__ and "name" in vars(value)
            if is_own and value.name.partition(".")[0] == noun:
                actions[value.name] = value
    return actions


def find(name: str) -> type[Action] | None:
    return of_noun(name.partition(".")[0]).get(name)


@cache
def every() -> dict[str, type[Action]]:
    """All actions, in the order of `NOUNS`."""
    return {name: action for noun in NOUNS for name, action in of_noun(noun).items()}
