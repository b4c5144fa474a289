"""Canonical JSON: an event's values with sorted keys and no spaces: the same bytes every time."""

import json
from collections.abc import Callable
from json.encoder import encode_basestring as quoted
from operator import attrgetter

from emulator.core.events import Event

__all__ = ["canonical", "encoded", "quoted"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
# How an event's class is written: its JSON with places for the values, and what reads those.
_SHAPES: dict[type[Event], tuple[str, Callable[[Event], tuple[object, ...]]]] = {}


def canonical(event: Event) -> str:
    """The event's values, without its instant.

    By hand, since a flood of lines asks it thousands of times a second: most values are texts.
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
    """`attrgetter` gives a tuple only where it is asked for several values."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda event: tuple(getattr(event, name) for name in names)
