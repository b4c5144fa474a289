"""An answer is used again only while nothing has changed, and nobody can tell."""

import asyncio
from typing import Any

import httpx

from tests.support.rest import Caller, create


async def titles(call: Caller, key: str | None = None) -> list[str]:
    page = (await call("GET", "/streams/", key)).json()
    return [stream["title"] for stream in page["streams"]]


async def test_response_cache_next_call_sees_a_write(call: Caller) -> None:
    stream = await create(call, title="Before")
    path = f"/streams/id/{stream['id']}"
    for title in ("One", "Two", "Three"):
        await call("GET", path, "ak_demo")
        await call("PUT", path, "ak_demo", json={"title": title})
        assert (await call("GET", path, "ak_demo")).json()["title"] == title


async def test_response_cache_callers_do_not_share_responses(call: Caller) -> None:
    await create(call, title="Mine, and offline")
    assert "Mine, and offline" in await titles(call, "ak_demo")
    assert "Mine, and offline" not in await titles(call, "ak_demo_viewer")
    assert "Mine, and offline" not in await titles(call)
    assert "Mine, and offline" in await titles(call, "ak_demo")


async def test_response_cache_worlds_do_not_share_responses(
    client: httpx.AsyncClient, call: Caller
) -> None:
    await client.post("/_emulator/worlds", json={"name": "other", "seed": "none"})
    header = {"X-Emulator-World": "other"}
    for _ in range(2):
        assert (await call("GET", "/streams/")).json()["total"] > 0
        assert (await call("GET", "/streams/", headers=header)).json()["total"] == 0
    await client.post("/_emulator/reset")
    assert (await call("GET", "/streams/")).json()["total"] > 0


async def test_response_cache_every_response_has_its_own_trace_and_log_line(
    client: httpx.AsyncClient, call: Caller
) -> None:
    # Time that stands: however slow the machine is, no tenth of a second passes.
    await client.put("/_emulator/clock", json={"mode": "virtual"})
    answers = [await call("GET", "/streams/?limit=3") for _ in range(5)]
    traces = [answer.headers["X-Trace-Id"] for answer in answers]
    assert len({*traces}) == 5
    assert len({answer.text for answer in answers}) == 1
    log: list[dict[str, Any]] = (await client.get("/_emulator/requests?limit=1000")).json()[
        "requests"
    ]
    assert [entry["trace_id"] for entry in log if entry["query"] == {"limit": "3"}] == traces
    assert all(entry["operation"] == "/streams" for entry in log[-5:])


async def test_response_cache_passing_time_shows(call: Caller) -> None:
    stream = await create(call)
    await call("POST", f"/streams/id/{stream['id']}/start", "ak_demo")
    path = f"/streams/id/{stream['id']}"
    first = (await call("GET", path)).json()["duration_seconds"]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 10
    while (await call("GET", path)).json()["duration_seconds"] == first:
        assert loop.time() < deadline, "the duration stands still"
