"""Canonical JSON of an event's values: sorted keys, no spaces, so always the same bytes."""

import json
from collections.abc import Callable
from json.encoder import encode_basestring as quoted
from operator import attrgetter

from emulator.core.events import Event

__all__ = ["canonical", "encoded", "quoted"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# For each class of events: a JSON template with `%s` for the values, and a function that reads
# them.
_SHAPES: dict[type[Event], tuple[str, Callable[[Event], tuple[object, ...]]]] = {}


def canonical(event: Event) -> str:
    """Return the event's values as canonical JSON, without its time `at_ms`.

    The text is built by hand because a flood of chat lines needs it thousands of times a second,
    and most values are plain texts.
    """
    kind = type(event)
    template, values_of = _SHAPES.get(kind) or _shape(kind)
    return template % tuple(
        [quoted(value) if type(value) is str else encoded(value) for value in values_of(event)]
    )


def encoded(value: object) -> str:
    return "[]" if value == () else _ENCODER.encode(value)


def _shape(kind: type[Event]) -> tuple[str, Callable[[Event], tuple[object, ...]]]:
    names = sorted(name for name in kind.__struct_fields__ if name != "at_ms")
    parts = [f'"{name}":%s' for name in names]
    _SHAPES[kind] = shape = ("{" + ",".join(parts) + "}", _reader(names))
    return shape


def _reader(names: list[str]) -> Callable[[Event], tuple[object, ...]]:
    """Return a function that reads these attributes as a tuple.

    `attrgetter` alone is not enough: it returns a tuple only for two names or more.
    """
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)
