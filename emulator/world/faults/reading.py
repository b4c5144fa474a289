"""Reading: faults in their written form, from a scenario or the admin API.

`{"api.fail": {"path": "/streams", "status": 503}, "share": "30%", "times": 3, "for": "10s"}`: one
kind with its values, and options that say how often and how long it strikes.
"""

import difflib
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any

from msgspec import Struct

from emulator.core.errors import Refused
from emulator.world.faults.fault import Fault, values_of
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.values import Read, duration, kind_of, share, whole

_TIMES_MAX = 1_000_000


class FaultRequest(Struct, frozen=True, kw_only=True):
    """A fault to start, with its options.

    It lets the first `skip` of the things that it meets pass, and strikes a `share` of the others,
    at most `times` times and for at most `for_ms`; 0 means without limit.
    """

    fault: Fault
    share: float = 1.0
    times: int = 0
    for_ms: int = 0
    skip: int = 0


# The options of any fault: the field of its request, and the reader, by written name.
OPTIONS: dict[str, tuple[str, Read]] = {
    "share": ("share", share),
    "times": ("times", whole(1, _TIMES_MAX)),
    "for": ("for_ms", duration),
    "skip": ("skip", whole(0, _TIMES_MAX)),
}

_HELP = {
    "share": "The share of calls, messages or requests that it strikes, such as `30%`.",
    "times": "How often it strikes at most.",
    "for": "How long it is on at most, such as `10s`.",
    "skip": "How many calls, messages or requests it lets pass first.",
}


def read(written: Mapping[str, Any], more_options: Iterable[str] = ()) -> FaultRequest:
    """Read a fault. Refuses (`invalid`) errors, with the most similar valid word.

    `more_options` are the options that the caller reads itself; they are only used for that hint.
    """
    kind = _kind(written, [*OPTIONS, *more_options])
    kind_class = KINDS[kind]
    options = {
        name: _value(kind, written_name, reader, written[written_name])
        for written_name, (name, reader) in OPTIONS.items()
        if written.get(written_name) is not None
    }
    fault = _fault(kind_class, written[kind])
    return FaultRequest(fault=fault, **{"times": fault.times_usual, **options})


def _kind(written: Mapping[str, Any], options: list[str]) -> str:
    """Return the one kind of fault in the written form."""
    named = [name for name in written if name not in OPTIONS]
    kinds = [name for name in named if name in KINDS]
    if len(kinds) == 1 and len(named) > 1:
        unknown = next(name for name in named if name not in KINDS)
        hint = _nearest(unknown, options)
        raise Refused("invalid", f"{kinds[0]}: there is no option {unknown[:50]!r}. {hint}")
    if len(named) != 1:
        raise Refused("invalid", f"A fault is exactly one of {', '.join(KINDS)}.")
    if not kinds:
        hint = _nearest(named[0], KINDS)
        raise Refused("invalid", f"There is no fault {named[0][:50]!r}. {hint}")
    return kinds[0]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a fault, for editors; `read` checks more."""
    kinds = {
        name: {
            "type": ["object", "null"],
            "description": cleandoc(kind.__doc__ or ""),
            "properties": {
                value.written: value_schema(value.read) for value in values_of(kind).values()
            },
            "additionalProperties": False,
        }
        for name, kind in KINDS.items()
    }
    options = {
        name: {"description": _HELP[name], **value_schema(reader)}
        for name, (_, reader) in OPTIONS.items()
    }
    return {"type": "object", "properties": kinds | options, "additionalProperties": False}


def entry_schema(more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the JSON Schema of exactly one fault, with `more` options that the caller reads."""
    entry = schema()
    entry["properties"] |= more or {}
    return {**entry, "oneOf": [{"required": [name]} for name in KINDS]}


def value_schema(reader: Read) -> dict[str, Any]:
    """Return the JSON Schema of the values that a reader of `values` accepts."""
    kind = kind_of(reader)
    match kind.type:
        case "duration" | "share":
            return {"type": ["string", "number"]}
        case "integer":
            return {"type": "integer", "minimum": kind.minimum, "maximum": kind.maximum}
        case "text":
            return {"type": "string"}
        case "flag":
            return {"type": "boolean"}
        case "choice":
            return {"type": "string", "enum": list(kind.choices)}
        case _:
            return {}


def _fault(kind: type[Fault], value: object) -> Fault:
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        raise Refused("invalid", f"{kind.kind}: its values must be a table of names and values.")
    known = {value.written: (field, value.read) for field, value in values_of(kind).items()}
    values: dict[str, Any] = {}
    for name, written in value.items():
        if name not in known:
            raise Refused(
                "invalid",
                f"{kind.kind} has no value {str(name)[:50]!r}. {_nearest(str(name), known)}",
            )
        field, reader = known[name]
        values[field] = _value(kind.kind, name, reader, written)
    return kind(**values)


def _value(kind: str, name: str, reader: Read, written: object) -> Any:
    try:
        return reader(written)
    except ValueError as error:
        raise Refused("invalid", f"{kind}: {name}: {error}.") from error


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"There is {', '.join(known) or 'nothing'}."
