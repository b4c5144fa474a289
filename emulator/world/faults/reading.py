"""Reading: a fault as people write it, in a scenario or to the admin API.

`{"api.fail": {"path": "/streams", "status": 503}, "share": "30%", "times": 3, "for": "10s"}`:
one kind with its values, and beside it how often and how long.
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
    """A fault that is to be started.

    It lets the first `skip` pass of what it meets, and strikes a `share` of the rest, at most
    `times` times and for at most `for_ms`; 0 means without end.
    """

    fault: Fault
    share: float = 1.0
    times: int = 0
    for_ms: int = 0
    skip: int = 0


# What stands beside a kind, the field of its plan, and how it is read.
BESIDE: dict[str, tuple[str, Read]] = {
    "share": ("share", share),
    "times": ("times", whole(1, _TIMES_MAX)),
    "for": ("for_ms", duration),
    "skip": ("skip", whole(0, _TIMES_MAX)),
}

_HELP = {
    "share": "How many of what it meets it strikes, such as `30%`.",
    "times": "How often at most.",
    "for": "How long at most, such as `10s`.",
    "skip": "How many of what it meets pass before it strikes.",
}


def read(written: Mapping[str, Any], beside_too: Iterable[str] = ()) -> FaultRequest:
    """The fault that is written. Refuses (`invalid`) any other, with the nearest right word.

    `beside_too`: what the caller has read beside the fault by itself, for that hint.
    """
    kind = _kind(written, [*BESIDE, *beside_too])
    kind_class = KINDS[kind]
    beside = {
        name: _value(kind, written_name, reader, written[written_name])
        for written_name, (name, reader) in BESIDE.items()
        if written.get(written_name) is not None
    }
    fault = _fault(kind_class, written[kind])
    return FaultRequest(fault=fault, **{"times": fault.times_usual, **beside})


def _kind(written: Mapping[str, Any], beside: list[str]) -> str:
    """The one kind of fault that is written."""
    named = [name for name in written if name not in BESIDE]
    kinds = [name for name in named if name in KINDS]
    if len(kinds) == 1 and len(named) > 1:
        unknown = next(name for name in named if name not in KINDS)
        hint = _nearest(unknown, beside)
        raise Refused("invalid", f"{kinds[0]} has no {unknown[:50]!r} beside it. {hint}")
    if len(named) != 1:
        raise Refused("invalid", f"A fault is one of {', '.join(KINDS)}, and one only.")
    if not kinds:
        hint = _nearest(named[0], KINDS)
        raise Refused("invalid", f"There is no fault {named[0][:50]!r}. {hint}")
    return kinds[0]


def schema() -> dict[str, Any]:
    """A written fault as JSON Schema, for editors: one kind and its values; `read` knows more."""
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
    beside = {
        name: {"description": _HELP[name], **value_schema(reader)}
        for name, (_, reader) in BESIDE.items()
    }
    return {"type": "object", "properties": kinds | beside, "additionalProperties": False}


def entry_schema(beside: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same for a file of its own: one kind, and `beside` what the caller reads by itself."""
    entry = schema()
    entry["properties"] |= beside or {}
    return {**entry, "oneOf": [{"required": [name]} for name in KINDS]}


def value_schema(reader: Read) -> dict[str, Any]:
    """What a reader of `values` takes, as JSON Schema."""
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
        raise Refused("invalid", f"{kind.kind}: its values are written as names with values.")
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
