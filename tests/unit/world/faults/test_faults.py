"""The active faults, the calls that they strike, and an event for every effect."""

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.core.events import Event
from emulator.core.events.faults import FaultStarted, FaultStopped, FaultStruck
from emulator.world.faults.api import ApiFail, ApiHang
from emulator.world.faults.fault import Fault
from emulator.world.faults.faults import ON_MAX, Active
from emulator.world.faults.reading import read
from emulator.world.world import World


def start(world: World, written: Mapping[str, Any]) -> Active[Fault]:
    return world.faults.start(read(written))


def strikes(world: World, count: int = 1, **facts: str) -> int:
    """The number of struck calls among `count` calls of the API."""
    known = {"method": "GET", "path": "/api/v1/streams/", "operation": "/streams", "user": "ada"}
    return sum(
        world.faults.strike(ApiFail, "a call", **{**known, **facts}) is not None
        for _ in range(count)
    )


def test_faults_apply_from_start_to_stop(world: World, heard: list[Event]) -> None:
    assert not world.faults.are_on
    active = start(world, {"api.fail": {}})
    assert strikes(world, 2) == 2
    world.faults.stop(active.id)
    assert strikes(world) == 0
    assert not world.faults.are_on

    assert [type(event) for event in heard] == [
        FaultStarted,
        FaultStruck,
        FaultStruck,
        FaultStopped,
    ]
    assert isinstance(heard[-1], FaultStopped)
    assert (heard[-1].struck, heard[-1].reason) == (2, "stopped")
    with pytest.raises(Refused):
        world.faults.stop(active.id)


@pytest.mark.parametrize(
    ("values", "facts", "is_struck"),
    [
        ({"path": "/streams"}, {}, True),
        ({"path": "/streams/{id}"}, {"operation": "/streams/{id}"}, True),
        ({"path": "/videos"}, {}, False),
        ({"user": "ada"}, {}, True),
        ({"user": "ada"}, {"user": "bob"}, False),
        ({"method": "POST"}, {}, False),
        ({"method": "POST", "user": "ada"}, {"method": "POST"}, True),
    ],
)
def test_faults_apply_to_their_targets_only(
    world: World, values: dict[str, str], facts: dict[str, str], is_struck: bool
) -> None:
    start(world, {"api.fail": values})
    assert strikes(world, 1, **facts) == is_struck


def test_faults_share_of_targets_is_stable(clock: ManualClock) -> None:
    runs = []
    for _ in range(2):
        world = World(clock=clock, publish=lambda _: None, name="one")
        start(world, {"api.fail": {}, "share": "30%"})
        runs.append([strikes(world) for _ in range(1000)])
        world.close()
    assert runs[0] == runs[1]
    assert 240 < sum(runs[0]) < 360


def test_faults_end_after_so_many_hits(world: World, heard: list[Event]) -> None:
    start(world, {"api.fail": {}, "times": 2})
    assert strikes(world, 5) == 2
    assert not world.faults.are_on
    assert isinstance(heard[-1], FaultStopped)


def test_faults_end_after_their_time_on_the_world_clock(
    world: World, clock: ManualClock, heard: list[Event]
) -> None:
    active = start(world, {"api.fail": {}, "for": "4s"})
    over: list[str] = []
    active.when_over.append(lambda: over.append("now"))
    clock.advance(3_999)
    assert (strikes(world), over) == (1, [])
    clock.advance(1)
    assert (strikes(world), over) == (0, ["now"])
    assert isinstance(heard[-1], FaultStopped)
    assert heard[-1].reason == "its time has passed"


def test_faults_clear_ends_all_or_one_kind(world: World) -> None:
    for kind in ("api.fail", "api.fail", "api.hang"):
        start(world, {kind: {}})
    assert world.faults.stop_kind("api.fail") == 2
    assert [active.fault for active in world.faults.all()] == [ApiHang()]
    assert world.faults.clear() == 1
    assert not world.faults.are_on


def test_faults_active_at_once_are_bounded(world: World) -> None:
    for _ in range(ON_MAX):
        start(world, {"api.fail": {}})
    with pytest.raises(Refused, match="Clear some"):
        start(world, {"api.fail": {}})


def test_faults_leave_no_timer_in_a_closed_world(clock: ManualClock) -> None:
    world = World(clock=clock, publish=lambda _: None)
    start(world, {"api.fail": {}, "for": "1s"})
    assert clock.next_due_ms() is not None
    world.close()
    assert clock.next_due_ms() is None


def test_faults_spare_the_first_calls_with_skip(world: World) -> None:
    start(world, {"api.fail": {"operation": "POST /streams/"}, "skip": 2, "times": 1})

    facts = {"path": "/api/v1/streams/", "operation": "/streams", "user": ""}
    kind = ApiFail
    subjects = [
        world.faults.strike(kind, "a call", method=method, **facts) is not None
        for method in ("POST", "GET", "POST", "GET", "POST", "POST")
    ]
    assert subjects == [False, False, False, False, True, False]


def test_faults_report_possible_targets_to_an_observer(world: World) -> None:
    seen: list[str] = []
    world.faults.observer = lambda kind, facts: seen.append(f"{kind.kind} {facts['method']}")

    assert world.faults.are_on
    facts = {"path": "/", "operation": "/", "user": "", "method": "GET"}
    assert world.faults.strike(ApiFail, "a call", **facts) is None
    assert seen == ["api.fail GET"]
