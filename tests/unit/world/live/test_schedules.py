import pytest

from emulator.core.clock import ManualClock
from emulator.core.errors import Refused
from emulator.world.live import schedules, streams
from emulator.world.live.schedules import Schedule
from emulator.world.live.streams import StreamPatch
from emulator.world.world import World
from tests.support.streams import live, make

HOUR_MS = 3_600_000


def test_stream_schedules_plan_and_scheduled_start_are_one_fact(
    world: World, clock: ManualClock
) -> None:
    soon_ms = clock.now_ms() + HOUR_MS
    stream = make(world, "x", scheduled_start_ms=soon_ms)
    assert schedules.of_stream(stream) == Schedule(soon_ms, None)
    assert Schedule(soon_ms, None).end_ms is None

    planned = schedules.plan(world, stream, soon_ms + 1, 90)
    assert schedules.of_stream(planned) == Schedule(soon_ms + 1, 90)
    assert Schedule(soon_ms, 90).end_ms == soon_ms + 90 * 60_000
    assert streams.find(world, stream.id).scheduled_start_ms == soon_ms + 1

    schedules.cancel(world, planned)
    assert schedules.of_stream(streams.find(world, stream.id)) is None
    assert streams.find(world, stream.id).scheduled_minutes is None


def test_stream_schedules_invalid_plan_is_refused(world: World, clock: ManualClock) -> None:
    def refusal(stream: streams.Stream, start_ms: int) -> str:
        with pytest.raises(Refused) as refused:
            schedules.plan(world, stream, start_ms, 60)
        return refused.value.code

    waiting, running = make(world, "x"), live(world, "y")
    assert refusal(waiting, clock.now_ms()) == "invalid"
    assert refusal(running, clock.now_ms() + 1) == "conflict"
    assert refusal(streams.end(world, running), clock.now_ms() + 1) == "conflict"
    with pytest.raises(Refused) as refused:
        schedules.cancel(world, waiting)
    assert refused.value.code == "not_found"


def test_stream_schedules_ended_stream_keeps_its_planned_start(
    world: World, clock: ManualClock
) -> None:
    stream = make(world, "x", scheduled_start_ms=clock.now_ms() + 1)
    ended = streams.end(world, stream)

    with pytest.raises(Refused) as refused:
        schedules.cancel(world, ended)

    assert refused.value.code == "conflict"
    assert (
        schedules.of_stream(streams.update(world, ended, StreamPatch({"title": "y"}))) is not None
    )
