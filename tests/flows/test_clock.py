"""The world's clock over the admin API, and the timers that depend on it."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from emulator.core.clock import wall_ns
from emulator.settings import Settings
from tests.support.rest import Caller, check_error, create


@pytest.fixture
def settings() -> Settings:
    """A VOD takes an hour to be ready, which the test does not wait for."""
    return Settings(data=":memory:", port=0, rtmp_port=0, rtmps_port=0, vod_processing_ms=3_600_000)


class AdminClock:
    """The clock of one world in its admin API."""

    def __init__(self, client: httpx.AsyncClient, world: str = "default") -> None:
        self._client = client
        self._headers = {"X-Emulator-World": world}

    async def __call__(self, method: str, path: str = "", **body: Any) -> httpx.Response:
        address = f"/_emulator/clock{path}"
        content = body if method != "GET" else None
        return await self._client.request(method, address, json=content, headers=self._headers)

    async def ask(self, method: str = "GET", path: str = "", **body: Any) -> dict[str, Any]:
        answer = await self(method, path, **body)
        assert answer.status_code == 200, answer.text
        payload: dict[str, Any] = answer.json()
        return payload


@pytest.fixture
def clock(client: httpx.AsyncClient) -> AdminClock:
    return AdminClock(client)


async def test_clock_frozen_world_stands_and_an_advance_moves_it_exactly(clock: AdminClock) -> None:
    assert (await clock.ask())["mode"] == "real"

    frozen = await clock.ask("PUT", mode="virtual", now="2090-01-01T00:00:00Z")
    assert (frozen["mode"], frozen["speed"]) == ("virtual", 0)
    assert frozen["now"] == "2090-01-01T00:00:00.000Z"
    await clock.ask("POST", "/advance", seconds=5400.25)

    standing = await clock.ask()
    assert standing["now"] == "2090-01-01T01:30:00.250Z"
    now_seconds = datetime.fromisoformat(standing["now"]).timestamp()
    ahead_seconds = now_seconds - wall_ns() / 1e9
    assert ahead_seconds <= standing["ahead_seconds"] < ahead_seconds + 60


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"mode": "scaled", "speed": 10}, ("scaled", 10)),
        ({"speed": 0.5}, ("scaled", 0.5)),
        ({"mode": "real"}, ("real", 1)),
        ({"speed": 1}, ("real", 1)),
        ({}, ("real", 1)),
    ],
)
async def test_clock_runs_at_the_requested_speed(
    clock: AdminClock, body: dict[str, Any], expected: tuple[str, float]
) -> None:
    now = await clock.ask("PUT", **body)

    assert (now["mode"], now["speed"]) == expected


async def test_clock_impossible_setting_is_refused(clock: AdminClock) -> None:
    await clock.ask("PUT", mode="virtual", now="2090-01-01T00:00:00Z")
    for body in (
        {"mode": "sideways"},
        {"mode": "real", "speed": 2},
        {"mode": "virtual", "speed": 2},
        {"mode": "scaled"},
        {"speed": 0},
        {"speed": -1},
        {"speed": 1e12},
        {"now": "2089-12-31T23:59:59.999Z"},
        {"now": "9001-01-01T00:00:00Z"},
        {"now": "yesterday"},
    ):
        check_error(await clock("PUT", **body), 422)
    for seconds in (-1, 1e12, "soon", None, [1]):
        check_error(await clock("POST", "/advance", seconds=seconds), 422)
    check_error(await clock("POST", "/advance"), 422)

    assert (await clock.ask())["now"] == "2090-01-01T00:00:00.000Z"


async def test_clock_advance_returns_when_the_vod_is_ready(clock: AdminClock, call: Caller) -> None:
    # Given a stream of the seed that ends while time stands,
    await clock.ask("PUT", mode="virtual")
    live = (await call("GET", "/streams/?limit=1")).json()["streams"][0]
    key = f"ak_demo_{live['user']['username']}"
    ended = (await call("POST", f"/streams/{live['id']}/end", key)).json()
    vod = f"/streams/vods/{ended['vod_id']}"
    assert (await call("GET", vod, key)).json()["status"] == "processing"

    # when just less than the hour that its recording takes has passed, then it is not ready;
    await clock.ask("POST", "/advance", seconds=3599.999)
    assert (await call("GET", vod, key)).json()["status"] == "processing"

    # and after the hour it is, in the same answer.
    ready = await clock.ask("POST", "/advance", seconds=0.001)
    now = (await call("GET", vod, key)).json()
    assert (now["status"], now["ready_at"]) == ("ready", ready["now"])


async def test_clock_of_the_world_drives_rate_limits_and_tokens(
    clock: AdminClock, call: Caller
) -> None:
    await clock.ask("PUT", mode="virtual")
    login = {"email": "demo@example.com", "password": "demo123456"}
    token = (await call("POST", "/auth/login", json=login)).json()["access_token"]
    created = [
        (await call("POST", "/streams/", "ak_demo", json={"title": f"No {number}"})).status_code
        for number in range(11)
    ]
    assert created == [201, *[409] * 9, 429]

    await clock.ask("POST", "/advance", seconds=61)
    answer = await call("POST", "/streams/", "ak_demo", json={"title": "Again"})
    assert answer.status_code == 409
    assert (await call("GET", "/auth/me", token)).status_code == 200
    await clock.ask("POST", "/advance", seconds=1800)
    check_error(await call("GET", "/auth/me", token), 401)


async def test_clock_is_per_world_and_a_reset_lets_it_run(
    client: httpx.AsyncClient, clock: AdminClock
) -> None:
    await client.post("/_emulator/worlds", json={"name": "late", "seed": "none"})
    late = AdminClock(client, "late")
    await late.ask("PUT", mode="virtual", now="2091-05-01T12:00:00Z")

    assert (await clock.ask())["mode"] == "real"
    assert not (await clock.ask())["now"].startswith("2091")
    await client.post("/_emulator/reset", headers={"X-Emulator-World": "late"})
    payload = await late.ask()
    assert payload["mode"] == "real"
    assert payload["now"].startswith("2091-05-01T12:")


async def test_clock_snapshot_is_restored_after_time_went_on(
    client: httpx.AsyncClient, clock: AdminClock, call: Caller
) -> None:
    await clock.ask("PUT", mode="virtual")
    stream = await create(call)
    await client.post("/_emulator/snapshots", json={"name": "before"})
    await clock.ask("POST", "/advance", seconds=86_400)
    before = (await clock.ask())["now"]
    await call("POST", f"/streams/{stream['id']}/end", "ak_demo")

    await client.post("/_emulator/snapshots/before/restore")

    assert (await call("GET", f"/streams/id/{stream['id']}")).json()["status"] == "offline"
    payload = await clock.ask()
    assert (payload["mode"], payload["now"]) == ("virtual", before)


async def test_clock_responses_have_world_and_world_time_headers(
    client: httpx.AsyncClient, call: Caller
) -> None:
    running = await call("GET", "/streams/")
    assert running.headers["X-Emulator-World"] == "default"
    assert "X-Emulator-Time" not in running.headers

    values = {"name": "late", "seed": "none", "now": "2031-02-03T04:05:06.000Z"}
    await client.post("/_emulator/worlds", json=values)
    for answer in (
        await call("GET", "/streams/", "ak_demo@late"),
        await call("GET", "/nothing", "ak_demo@late"),
        await client.get("/_emulator/clock", headers={"X-Emulator-World": "late"}),
    ):
        assert answer.headers["X-Emulator-World"] == "late"
        assert answer.headers["X-Emulator-Time"] == "2031-02-03T04:05:06.000Z"
    for path in ("clock", "faults", "snapshots", "events"):
        assert (await client.get(f"/_emulator/{path}")).json()["world"] == "default"
    cleared = await client.delete("/_emulator/faults", headers={"X-Emulator-World": "late"})
    assert cleared.json() == {"world": "late", "cleared": 0}
