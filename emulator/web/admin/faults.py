"""`/_emulator/faults`: what is broken on purpose in this world."""

from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict

from emulator.shapes.times import iso, iso_or_none
from emulator.web.http.call import Call
from emulator.web.http.endpoint import endpoint
from emulator.world.faults.fault import Fault
from emulator.world.faults.faults import Active
from emulator.world.faults.reading import read, schema
from emulator.world.world import World


class FaultCreate(BaseModel):
    """As in a scenario: one kind with its values, and beside it `share`, `times` and `for`.

    `{"api.fail": {"path": "/streams", "status": 503}, "share": "30%", "for": "10s"}`
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=lambda shown: shown.update(schema()))


class FaultShape(TypedDict):
    """`struck` is how often it struck up to now; `times` and `until` are null for without end."""

    world: str
    id: str
    kind: str
    values: dict[str, Any]
    share: float
    times: int | None
    struck: int
    started_at: str
    until: str | None


class FaultList(TypedDict):
    world: str
    faults: list[FaultShape]
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


@endpoint("POST", "/faults", status=201, refuses=("conflict", "invalid"))
def add_fault(call: Call, body: FaultCreate) -> FaultShape:
    """Break something, from now on."""
    written = body.model_extra or {}
    return _shape(call.world, call.world.faults.start(read(written)))


@endpoint("DELETE", "/faults/{id}")
def remove_fault(call: Call, id: str) -> None:
    """Stop a fault."""
    call.world.faults.stop(id)


@endpoint("DELETE", "/faults")
def clear_faults(call: Call) -> FaultsCleared:
    """Stop all faults."""
    return {"world": call.world.name, "cleared": call.world.faults.clear()}


def _shape(world: World, active: Active[Fault]) -> FaultShape:
    return {
        "world": world.name,
        "id": active.id,
        "kind": active.fault.kind,
        "values": active.fault.values(),
        "share": active.plan.share,
        "times": active.plan.times or None,
        "struck": active.struck,
        "started_at": iso(active.started_ms),
        "until": iso_or_none(active.until_ms),
    }
