"""The console's control of scenarios: read, checked, started, paused, stepped, compared."""

import asyncio
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from tests.flows.scenario.test_runs import over, start
from tests.support.rest import check_error

TEXT = """
scenario: Steps
params: {crowd: {type: integer, default: 5, max: 9, help: How many come}}
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch}]
timeline:
  - publish.start: launch
  - {at: 10s, viewers.set: {stream: launch, count: $crowd}}
  - {name: talk, at: 20s, for: 5s, chat.flood: {stream: launch, rate: 2/s, arrivals: even}}
  - {at: 1m, publish.stop: launch}
expect:
  chat.launch.posted: 10
"""


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"/_emulator/scenarios/{path}", json=body)
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


async def get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(f"/_emulator/scenarios{path}")
    assert answer.status_code == 200, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


async def test_library_has_typed_parameters_lengths_and_texts_in_any_world(
    client: httpx.AsyncClient,
) -> None:
    # A world without the users that the library's scenarios name can read it, too.
    await client.post("/_emulator/worlds", json={"name": "bare", "seed": "none"})
    answer = await client.get("/_emulator/scenarios", headers={"X-Emulator-World": "bare"})
    entries = {entry["name"]: entry for entry in answer.json()["scenarios"]}

    launch = entries["launch-night"]
    assert launch["params"][0] == {
        "name": "peak",
        "type": "integer",
        "default": 5000,
        "min": 1,
        "max": 1_000_000,
        "help": "Viewers at the top of the surge",
    }
    assert (launch["length_ms"], entries["demo-loop"]["length_ms"]) == (310_000, None)
    entry = await get(client, "/library/launch-night")
    assert "scenario: Launch night" in entry["text"]
    check_error(await client.get("/_emulator/scenarios/library/nothing"), 404)


async def test_validate_has_lines_columns_the_nearest_word_and_the_plan(
    client: httpx.AsyncClient,
) -> None:
    wrong = await post(client, "validate", text=TEXT.replace("publish.stop", "publish.stip"))
    right = await post(client, "validate", text=TEXT)
    chosen = await post(client, "validate", text=TEXT, params={"crowd": "12", "crwd": "1"})

    (error,) = wrong["errors"]
    assert (wrong["valid"], error["line"], error["column"]) == (False, 11, 14)
    assert "did you mean publish.stop?" in error["message"]
    assert (right["valid"], right["scenario"]["length_ms"]) == (True, 60_000)
    assert [(step["line"], step["starts_ms"]) for step in right["plan"]] == [
        (8, 0),
        (9, 10_000),
        (10, 20_000),
        (11, 60_000),
    ]
    assert [error["parameter"] for error in chosen["errors"]] == ["crwd", "crowd"]


async def test_run_paused_steps_to_each_change_and_continues(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given a run that begins paused: only its first instant has happened,
    run = await start(client, text=TEXT, params={"crowd": "3"}, paused=True)
    path = f"runs/{run['id']}"
    await post(client, f"{path}/pause")
    begun = await get(client, f"/{path}/report")
    assert (begun["run"]["paused"], begun["run"]["clock_ms"]) == (True, 0)
    assert begun["report"]["outcome"] == "playing"
    assert [step["place"] for step in begun["report"]["next"]] == [
        "scenario.yaml:9",
        "scenario.yaml:10",
        "scenario.yaml:11",
    ]

    # when it is stepped, then it stands at the next step, with the figures of that instant;
    stepped = await post(client, f"{path}/step")
    assert (stepped["clock_ms"], stepped["paused"]) == (10_000, True)
    await post(client, f"{path}/step", seconds="12s")
    shown = await get(client, f"/{path}/report")
    assert shown["run"]["clock_ms"] == 22_000
    assert shown["run"]["progress"] == pytest.approx(22 / 60)
    assert [step["name"] for step in shown["report"]["under_way"]] == ["talk"]
    assert shown["report"]["chart"]["viewers"]["values"][-1] == 3

    # and when it continues, it comes to its end, and can no longer be controlled.
    await post(client, f"{path}/resume")
    report = await over(emulator, run["id"])
    assert (report["outcome"], report["parameters"]) == ("passed", {"crowd": 3})
    check_error(await client.post(f"/_emulator/scenarios/{path}/pause"), 409)
    (listed,) = (await get(client, "/runs"))["runs"]
    assert (listed["outcome"], listed["progress"], listed["report"]) == ("passed", 1.0, None)


async def test_run_paused_is_stopped_and_stepped_to_its_end(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    first, second = [await start(client, text=TEXT, paused=True) for _ in range(2)]

    stopped = await client.delete(f"/_emulator/scenarios/runs/{first['id']}")
    last = await post(client, f"runs/{second['id']}/step", seconds="1h")

    assert stopped.json()["report"]["reason"] == "It was stopped by a request."
    await over(emulator, second["id"])
    assert last["clock_ms"] == 60_000


async def test_run_on_a_running_clock_stands_while_its_worlds_clock_does(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    run = await start(client, text=TEXT, speed=10, world="this", paused=True)
    path = f"runs/{run['id']}"
    await post(client, f"{path}/pause")
    clock = emulator.platform.clock
    assert clock.speed == 0

    stepped = await post(client, f"{path}/step")
    assert stepped["paused"]
    assert stepped["clock_ms"] == 10_000
    resumed = await post(client, f"{path}/resume")
    assert (resumed["paused"], clock.speed) == (False, 10)
    await client.delete(f"/_emulator/scenarios/runs/{run['id']}")
    async with asyncio.timeout(30):
        await emulator.worlds.runs.find(run["id"]).done.wait()
    assert clock.mode == "real"


async def test_run_ends_with_the_world_that_it_is_played_in(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given paused runs: in a world made for the run, and in a world made before it,
    await client.post("/_emulator/worlds", json={"name": "mine", "seed": "none"})
    inside = {"X-Emulator-World": "mine"}
    order = {"text": TEXT, "paused": True, "speed": 10, "world": "this"}
    answer = await client.post("/_emulator/scenarios", json=order, headers=inside)
    runs = [await start(client, text=TEXT, paused=True), answer.json()]

    # when their worlds are dropped, then the runs have ended, and their reports say why.
    for run in runs:
        dropped = await client.delete(f"/_emulator/worlds/{run['world']}")
        assert dropped.status_code == 204
        shown = await get(client, f"/runs/{run['id']}/report")
        assert shown["run"]["state"] == "over"
        assert shown["report"]["reason"] == "Its world was dropped."
    assert [platform.world.name for platform in emulator.worlds.all()] == ["default"]
