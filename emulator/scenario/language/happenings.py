"""Names of events for `on` and for expectations: `chat.held`, `stream.went_live`, `vod.ready`.

Each name is derived from the name of the event's class, so a new event needs no line here. The
first word is the noun.
"""

import re
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, get_args, get_origin, get_type_hints

from emulator.core import events
from emulator.core.events import Event

# An event about a whole world ends the run in it: no step can wait for that.
_NOT_HEARD = {"worlds"}
_WORD = re.compile(r"[A-Z][a-z0-9]*")
# The full names of two events whose short names are in use as well.
_ALSO = {"chat.line_posted": "ChatPosted", "chat.line_held": "ChatHeld"}


@cache
def kinds() -> dict[str, type[Event]]:
    """Return every kind of event by its name in a scenario."""
    classes = {}
    for module_info in iter_modules(events.__path__):
        if module_info.name in _NOT_HEARD:
            continue
        module = import_module(f"{events.__name__}.{module_info.name}")
        for value in vars(module).values():
            is_event = isinstance(value, type) and issubclass(value, Event)
            if is_event and value.__module__ == module.__name__ and not value.__subclasses__():
                classes[name_of(value)] = value
    by_class = {kind.__name__: kind for kind in classes.values()}
    return classes | {name: by_class[kind] for name, kind in _ALSO.items()}


def name_of(kind: type[Event]) -> str:
    first, *rest = _WORD.findall(kind.__name__)
    return f"{first.lower()}.{'_'.join(rest).lower()}"


def choices_of(kind: type[Event], name: str) -> tuple[str, ...]:
    """Return the words that a value of such an event can be, if it can only be a few."""
    hint = get_type_hints(kind).get(name)
    return get_args(hint) if get_origin(hint) is Literal else ()


def values_of(kind: type[Event]) -> frozenset[str]:
    """Return the names that a filter may use: the event's values, and `stream`, `user`, `vod`."""
    own = set(kind.__struct_fields__) - {"at_ms"}
    short = {"stream": "stream_id", "user": "user_id", "vod": "vod_id"}
    return frozenset(own | {word for word, name in short.items() if name in own})
