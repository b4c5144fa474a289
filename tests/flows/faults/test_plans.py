"""A plan of faults for all worlds of one process: existing, new, reset and dropped ones."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from emulator.exploration.injector import WorldsInjector
from emulator.exploration.sightings import total
from emulator.server import Emulator
from emulator.world.faults.plans import parse
from tests.support.rest import Caller

LIST = "GET /streams"
PLAN = [{"api.fail": {"operation": LIST}, "times": 1}]


@pytest.fixture
def injector(emulator: Emulator) -> Iterator[WorldsInjector]:
    injector = WorldsInjector(emulator.worlds, parse(PLAN))
    yield injector
    injector.close()


async def statuses(call: Caller, key: str = "ak_demo") -> list[int]:
    return [(await call("GET", "/streams/", key)).status_code for _ in range(2)]


async def test_plan_applies_to_each_new_world_and_its_strikes_outlive_the_world(
    injector: WorldsInjector, client: httpx.AsyncClient, call: Caller
) -> None:
    # Given a suite that creates a world for each of its tests, and drops it,
    for name in ("one", "two"):
        await client.post("/_emulator/worlds", json={"name": name})
        assert await statuses(call, f"ak_demo@{name}") == [503, 200]
        assert (await client.delete(f"/_emulator/worlds/{name}")).status_code == 204
    assert await statuses(call) == [503, 200]

    # then each world had the plan, and the chances to strike are counted as in a single world.
    seen = total(injector.seen(), len(PLAN))
    assert seen.struck == [3]
    assert {use.operation: use.count for use in seen.uses if use.kind == "api.delay"} == {
        "/streams": 2
    }
    assert any("-> 503" in line for line in seen.requests)


async def test_plan_starts_again_in_a_world_that_is_reset_or_restored(
    injector: WorldsInjector, client: httpx.AsyncClient, call: Caller
) -> None:
    await client.post("/_emulator/snapshots", json={"name": "begin"})
    assert await statuses(call) == [503, 200]
    await client.post("/_emulator/reset")
    assert await statuses(call) == [503, 200]
    await client.post("/_emulator/snapshots/begin/restore")
    assert await statuses(call) == [503, 200]

    assert total(injector.seen(), len(PLAN)).struck == [3]


async def test_plan_that_is_over_strikes_no_world_any_more(
    emulator: Emulator, client: httpx.AsyncClient, call: Caller
) -> None:
    WorldsInjector(emulator.worlds, parse(PLAN)).close()
    await client.post("/_emulator/worlds", json={"name": "later"})
    await client.post("/_emulator/reset")

    assert await statuses(call) == [200, 200]
    assert await statuses(call, "ak_demo@later") == [200, 200]


async def test_plan_shows_the_requests_around_a_strike(
    emulator: Emulator, client: httpx.AsyncClient, call: Caller
) -> None:
    plan = [{"stream.end": {}, "times": 1, "at": "StreamWentLive"}]
    injector = WorldsInjector(emulator.worlds, parse(plan))
    stream = (await call("POST", "/streams/", "ak_demo", json={"title": "Short"})).json()
    publish = f"/_emulator/streams/{stream['id']}/publish"
    await client.post(publish, json={"protocol": "synthetic"})
    async with asyncio.timeout(60):
        while not any(total(injector.seen(), len(plan)).struck):
            await client.get("/_emulator/health")
    for _ in range(30):
        await call("GET", "/auth/me", "ak_demo")

    seen = total(injector.seen(), len(plan))
    injector.close()
    assert seen.struck == [1]
    assert "POST" in seen.requests[0]
    assert len(seen.requests) < 20
