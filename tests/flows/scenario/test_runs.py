"""Scenarios over the admin API: started, watched, stopped, and their results afterwards."""

import asyncio
import gc
import weakref
from typing import Any

import httpx
import pytest

from emulator.server import Emulator
from tests.support.rest import check_error
from tests.support.webhook_receiver import receiving

SCENARIO = """
scenario: Evening
world:
  users: [{name: ada}]
  streams: [{name: launch, owner: ada, title: Launch night}]
timeline:
  - publish.start: launch
  - {name: flood, for: 20s, chat.flood: {stream: launch, rate: 20/s, authors: 30}}
  - http.request:
      {as: ada, path: "/api/v1/streams/?status=live", status: 200, save: {total: total}}
  - expect: {saved.total: {above: 0}}
  - at: 1h
    publish.stop: launch
  - expect: {stream.launch.status: ended, vod.launch.status: ready}
    within: 30s
expect:
  vod.launch.duration: 1h
  chat.launch.lost: 0
"""


async def start(client: httpx.AsyncClient, **order: Any) -> dict[str, Any]:
    answer = await client.post("/_emulator/scenarios", json=order)
    assert answer.status_code == 201, answer.text
    started: dict[str, Any] = answer.json()
    return started


async def over(emulator: Emulator, run_id: str) -> dict[str, Any]:
    record = emulator.worlds.runs.find(run_id)
    async with asyncio.timeout(30):
        await record.done.wait()
    assert record.report is not None
    return record.report


async def test_scenario_run_hour_on_the_virtual_clock_leaves_a_report_and_no_world(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    run = await start(client, text=SCENARIO)
    report = await over(emulator, run["id"])

    assert report["outcome"] == "passed", report
    assert report["clock"] == "virtual"
    assert report["length_ms"] == 3_600_000 + 11_000
    payload = (await client.get(f"/_emulator/scenarios/runs/{run['id']}")).json()
    assert (payload["state"], payload["missed"]) == ("over", 0)
    worlds = (await client.get("/_emulator/worlds")).json()["worlds"]
    assert [world["name"] for world in worlds] == ["default"]


async def test_scenario_run_log_is_equal_with_another_run_at_the_same_time(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    runs = [await start(client, text=SCENARIO) for _ in range(2)]
    runs.append(await start(client, text=SCENARIO, seed=99))

    hashes = [(await over(emulator, run["id"]))["log_hash"] for run in runs]

    assert hashes[0] == hashes[1] != hashes[2]


async def test_scenario_run_all_errors_are_returned_before_it_begins(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(
        "/_emulator/scenarios",
        json={"text": "scenario: x\ntimeline:\n  - lag: hi\n  - wait: 3\n", "file": "mine.yaml"},
    )

    payload = check_error(answer, 422)["message"]
    assert "mine.yaml:3:5: unknown-action: lag is neither an action" in payload
    assert "mine.yaml:4:" in payload
    assert not (await client.get("/_emulator/scenarios")).json()["runs"]


async def test_scenario_run_stopped_says_so_and_its_report_is_a_page(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    text = "scenario: x\nlasts: forever\ntimeline:\n  - log: begun\n"
    run = await start(client, text=text, speed=1)
    assert run["world"] == "default"

    again = await client.post("/_emulator/scenarios", json={"text": text, "speed": 1})
    assert f"/_emulator/scenarios/runs/{run['id']}" in check_error(again, 409)["message"]
    stopped = (await client.delete(f"/_emulator/scenarios/runs/{run['id']}")).json()

    assert stopped["report"]["outcome"] == "stopped"
    assert stopped["report"]["reason"] == "It was stopped by a request."
    page = await client.get(
        f"/_emulator/scenarios/runs/{run['id']}", headers={"Accept": "text/html"}
    )
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert emulator.platform.clock.mode == "real"


async def test_scenario_run_ends_when_its_world_is_reset(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    text = "scenario: x\nlasts: forever\ntimeline:\n  - {every: 1s, log: still here}\n"
    run, runs = await start(client, text=text, speed=1), emulator.worlds.runs
    async with asyncio.timeout(30):
        while not runs.find(run["id"]).fold.notes:  # noqa: ASYNC110 -- a turn of the loop
            await asyncio.sleep(0)

    await client.post("/_emulator/reset")
    report = await over(emulator, run["id"])

    assert report["outcome"] == "broken"
    assert report["reason"] == "The run's world was replaced during the run."


async def test_scenario_run_unknown_run_or_scenario_is_not_found(client: httpx.AsyncClient) -> None:
    check_error(await client.get("/_emulator/scenarios/runs/run-99"), 404)
    check_error(await client.post("/_emulator/scenarios", json={"name": "nothing"}), 404)
    check_error(await client.post("/_emulator/scenarios", json={}), 422)


@pytest.mark.parametrize("client", ["socket"], indirect=True)
async def test_scenario_run_webhook_deliveries_and_requests_are_facts(
    client: httpx.AsyncClient, emulator: Emulator
) -> None:
    # Given a webhook receiver, and a scenario in whose world an app requests the streams,
    async with receiving() as receiver:
        run = await start(
            client,
            speed=1,
            text=f"""
scenario: Facts
timeline:
  - http.request:
      method: POST
      path: /_emulator/webhooks
      body: {{url: "{receiver.url}", events: [stream.created]}}
      status: 201
  - http.request:
      {{as: viewer, method: POST, path: /api/v1/streams/, body: {{title: Hi}}, status: 201}}
  - http.request: {{path: /api/v1/nothing, status: 404}}
  - log: ready
  - expect:
      - webhooks.deliveries: {{where: {{event: stream.created, state: delivered}}, is: 1}}
        webhooks.targets: {{where: {{url: "{receiver.url}"}}, is: 1}}
        requests.count: {{where: {{method: POST, operation: /streams, status: 201}}, is: 1}}
      - requests.count: {{where: {{user: viewer, from: scenario}}, is: 1}}
      - requests.count: {{where: {{status: {{at_least: 400}}, operation: null}}, is: 1}}
      - requests.count: {{where: {{from: app, path: {{contains: "/streams/"}}}}, is: 1}}
    within: 20s
""",
        )

        # when the request has come,
        answer = await client.get("/api/v1/streams/?limit=1")
        report = await over(emulator, run["id"])

    # then expectations can use all of that.
    assert answer.status_code == 200
    assert report["outcome"] == "passed", [e for e in report["expectations"] if not e["met"]]


async def test_scenario_run_start_date_needs_a_new_world(client: httpx.AsyncClient) -> None:
    text = "scenario: x\nbegins: 2026-03-06\ntimeline: [{log: hi}]\n"
    answer = await client.post("/_emulator/scenarios", json={"text": text, "world": "this"})
    assert "own" in check_error(answer, 422)["message"]


@pytest.mark.parametrize("world", ["own", "this"])
async def test_scenario_run_that_is_over_keeps_its_report_alone(
    client: httpx.AsyncClient, emulator: Emulator, world: str
) -> None:
    # Given a run with a world, steps and events,
    text = "scenario: x\ntimeline:\n  - log: begin\n  - {at: 5m, log: end}\n"
    run = await start(client, text=text, world=world, speed=1 if world == "this" else 0)
    record = emulator.worlds.runs.find(run["id"])
    runner = weakref.ref(record.runner)

    # when it is over, then only the data of its list and its report remains.
    await client.delete(f"/_emulator/scenarios/runs/{run['id']}")
    assert (await over(emulator, run["id"]))["length_ms"] == record.figures.clock_ms
    assert not record.request.scenario.steps
    with pytest.raises(RuntimeError, match="is over"):
        assert record.runner
    gc.collect()
    assert runner() is None
