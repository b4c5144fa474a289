"""`/_emulator/faults`: the faults of this world."""

from collections.abc import Collection
from inspect import cleandoc
from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict

from emulator.core.errors import Refused
from emulator.shapes.ids import NumberedId
from emulator.shapes.times import iso, iso_or_none
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.faults.fault import Fault, values_of
from emulator.world.faults.faults import Active
from emulator.world.faults.kinds import KINDS
from emulator.world.faults.names import unknown_name
from emulator.world.faults.reading import read, schema
from emulator.world.faults.values import Value, kind_of
from emulator.world.world import World


class FaultCreate(BaseModel):
    """A fault as in a scenario: one kind with its values, and `share`, `times`, `skip`, `for`.

    `{"api.fail": {"path": "/streams", "status": 503}, "share": "30%", "for": "10s"}`
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=lambda shown: shown.update(schema()))


class FaultShape(TypedDict):
    """`struck` is how often it has struck; `times` and `until` are null without a limit.

    `skip` is how many calls, messages or requests it lets pass first.
    """

    world: str
    id: NumberedId
    kind: str
    values: dict[str, Any]
    share: float
    times: int | None
    skip: int
    struck: int
    started_at: str
    until: str | None


class FaultList(TypedDict):
    world: str
    faults: list[FaultShape]
    total: int


class FaultValue(TypedDict):
    """`default` is in its written form, null if the value is empty: then the fault strikes all."""

    name: str
    type: Literal["duration", "share", "integer", "text", "flag", "choice", "headers", "json"]
    default: Any
    minimum: int | None
    maximum: int | None
    choices: list[str]


class FaultKind(TypedDict):
    kind: str
    description: str
    values: list[FaultValue]


class FaultKinds(TypedDict):
    kinds: list[FaultKind]
    total: int


class FaultsCleared(TypedDict):
    world: str
    cleared: int


@endpoint("GET", "/faults")
def list_faults(call: Call) -> FaultList:
    """List the faults that are on."""
    actives = call.world.faults.all()
    return {
        "world": call.world.name,
        "faults": [_shape(call.world, active) for active in actives],
        "total": len(actives),
    }


@endpoint("GET", "/faults/kinds")
def list_fault_kinds(_call: Call) -> FaultKinds:
    """List the kinds of faults, with the values that each takes."""
    return {"kinds": [_kind(kind) for kind in KINDS.values()], "total": len(KINDS)}


@endpoint("POST", "/faults", status=201, refuses=("conflict", "invalid"))
def add_fault(call: Call, body: FaultCreate) -> FaultShape:
    """Start a fault."""
    request = read(body.model_extra or {})
    if message := unknown_name(request.fault, _operation_names):
        raise Refused("invalid", message)
    return _shape(call.world, call.world.faults.start(request))


@endpoint("DELETE", "/faults/{id}")
def remove_fault(call: Call, id: str) -> None:
    """Stop a fault."""
    call.world.faults.stop(id)


@endpoint("DELETE", "/faults")
def clear_faults(call: Call) -> FaultsCleared:
    """Stop all faults."""
    return {"world": call.world.name, "cleared": call.world.faults.clear()}


def _operation_names() -> Collection[str]:
    from emulator.web.api.table import operation_names  # Late: it imports the whole API.

    return operation_names()


def _kind(kind: type[Fault]) -> FaultKind:
    defaults = kind().values()
    return {
        "kind": kind.kind,
        "description": cleandoc(kind.__doc__ or ""),
        "values": [
            _value(value, defaults.get(value.written)) for value in values_of(kind).values()
        ],
    }


def _value(value: Value, default: object) -> FaultValue:
    kind = kind_of(value.read)
    return {
        "name": value.written,
        "type": kind.type,
        "default": default,
        "minimum": kind.minimum,
        "maximum": kind.maximum,
        "choices": list(kind.choices),
    }


def _shape(world: World, active: Active[Fault]) -> FaultShape:
    return {
        "world": world.name,
        "id": NumberedId(active.id),
        "kind": active.fault.kind,
        "values": active.fault.values(),
        "share": active.plan.share,
        "times": active.plan.times or None,
        "skip": active.plan.skip,
        "struck": active.struck,
        "started_at": iso(active.started_ms),
        "until": iso_or_none(active.until_ms),
    }
