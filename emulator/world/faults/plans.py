"""Plans: the faults of one run, each with the moment at which it begins.

The written form:

     faults:
     - api.fail: {operation: POST /streams/, status: 503}
       times: 1
     - ingest.cut: {}
       times: 1
       at: StreamWentLive
       after: 500ms
"""

import difflib
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from emulator.core import events as all_events
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.world.faults.reading import FaultRequest, entry_schema, read, value_schema
from emulator.world.faults.values import Read, duration, whole

_FAULTS_MAX = 50


class PlannedFault(Struct, frozen=True):
    """A fault and its moment.

    `event` is the event at which it begins, empty for the run's start.
    """

    request: FaultRequest
    event: str = ""
    nth: int = 1
    after_ms: int = 0


def parse(written: object) -> list[PlannedFault]:
    """Read the faults of a plan. Refuses (`invalid`) errors, with the number of the fault."""
    if isinstance(written, Mapping):
        unknown = [str(name) for name in written if name != "faults"]
        if unknown:
            raise Refused("invalid", f"A plan has only `faults`, not {unknown[0][:50]!r}.")
        written = written.get("faults")
    if not isinstance(written, list) or len(written) > _FAULTS_MAX:
        raise Refused("invalid", f"A plan is a list of at most {_FAULTS_MAX} faults.")
    return [_planned(number, entry) for number, entry in enumerate(written, 1)]


def schema() -> dict[str, Any]:
    """Return a plan file's JSON Schema, for editors; `parse` checks more."""
    moment = {
        name: {"description": text, **value_schema(reader)}
        for name, (_, reader, text) in MOMENT.items()
    }
    moment["at"] |= {"type": "string", "enum": sorted(event_kinds())}
    entry = entry_schema(moment)
    entry["dependentRequired"] = {"nth": ["at"]}
    faults = {"type": "array", "items": entry, "maxItems": _FAULTS_MAX}
    in_object = {
        "type": "object",
        "properties": {"faults": faults},
        "required": ["faults"],
        "additionalProperties": False,
    }
    # Not `anyOf`: with it editors show errors of the branch that the user did not write.
    return {"if": {"type": "array"}, "then": faults, "else": in_object}


def event_kinds() -> dict[str, type[Event]]:
    """Return all kinds of events by name, without common base classes (`ChatEvent`)."""
    import importlib
    import pkgutil

    for module in pkgutil.iter_modules(all_events.__path__, f"{all_events.__name__}."):
        importlib.import_module(module.name)
    kinds: dict[str, type[Event]] = {}
    pending: list[type[Event]] = [Event]
    while pending:
        kind = pending.pop()
        if subclasses := kind.__subclasses__():
            pending += subclasses
        else:
            kinds[kind.__name__] = kind
    return kinds


def _planned(number: int, written: object) -> PlannedFault:
    where = f"fault {number}"
    if not isinstance(written, Mapping):
        raise Refused("invalid", f"{where}: a fault is one kind with its values.")
    entry = {str(name): value for name, value in written.items()}
    moment = {name: entry.pop(name) for name in MOMENT if name in entry}
    try:
        request = read(entry, MOMENT)
        values = {
            field: _value(name, reader, moment[name])
            for name, (field, reader, _) in MOMENT.items()
            if moment.get(name) is not None
        }
    except Refused as refused:
        raise Refused("invalid", f"{where}: {refused.message}") from None
    if "nth" in values and "event" not in values:
        message = f"{where}: nth counts the events of `at`, which is missing."
        raise Refused("invalid", message)
    return PlannedFault(request, **values)


def _value(name: str, reader: Read, written: object) -> Any:
    try:
        return reader(written)
    except ValueError as error:
        raise Refused("invalid", f"{name}: {error}") from None


def _event_name(written: object) -> str:
    kinds = event_kinds()
    if isinstance(written, str) and written in kinds:
        return written
    near = difflib.get_close_matches(str(written), kinds, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See `live-emulator events`."
    raise ValueError(f"there is no event {str(written)[:50]!r}. {hint}")


# The options that say when a planned fault begins: field, reader and description by name.
MOMENT: dict[str, tuple[str, Read, str]] = {
    "at": ("event", _event_name, "The event at which it begins; without it, the start of the run."),
    "nth": ("nth", whole(1, 1_000_000), "The number of that event, counted from 1."),
    "after": ("after_ms", duration, "The delay after that event, or after the start of the run."),
}
