"""Simulated viewers over the admin API, together with real ones, and the reported counts."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.rest import Caller, check_error


class Crowd:
    """A live stream and its viewers, in a world whose time stands."""

    def __init__(self, client: httpx.AsyncClient, call: Caller, stream: dict[str, Any]) -> None:
        self.client = client
        self._call = call
        self.id = stream["id"]
        self.uid = stream["cloudflare_stream_id"]
        # The number of viewers of other streams in its category.
        self.others = 0

    async def order(self, **body: Any) -> httpx.Response:
        return await self.client.post(f"/_emulator/streams/{self.id}/viewers", json=body)

    async def ask(self, **body: Any) -> dict[str, Any]:
        """The admin API's figures, after an order if one is given."""
        if body:
            answer = await self.order(**body)
        else:
            answer = await self.client.get(f"/_emulator/streams/{self.id}/viewers")
        assert answer.status_code == 200, answer.text
        payload: dict[str, Any] = answer.json()
        return payload

    async def advance(self, seconds: float) -> None:
        await self.client.post("/_emulator/clock/advance", json={"seconds": seconds})

    async def play(
        self, viewer: str, manifest: str = "stream", headers: dict[str, str] | None = None
    ) -> None:
        """A real player requests a media playlist."""
        sent = {"Cookie": f"live_emulator_viewer={viewer}", **(headers or {})}
        address = f"/{self.uid}/manifest/{manifest}.m3u8"
        answer = await self.client.get(address, headers=sent)
        assert answer.status_code == 200, answer.text

    async def shown(self) -> set[int]:
        """The viewer count, which must be the same at every address of the platform."""
        one = (await self._call("GET", f"/streams/id/{self.id}")).json()
        lists = [
            (await self._call("GET", path)).json()["streams"]
            for path in ("/streams/", "/streams/trending", "/streams/rising")
        ]
        [listed, trending, rising] = [
            next(item for item in rows if item["id"] == self.id) for rows in lists
        ]
        assert one["peak_viewers"] == (await self.ask())["peak"]
        views = (await self.client.get(f"/{self.uid}/views")).json()["liveViewers"]
        slug = one["category"]["slug"]
        category = (await self._call("GET", f"/streams/categories/by-slug/{slug}")).json()
        payloads = [one, listed, trending, rising]
        assert all(item["peak_viewers"] >= item["viewer_count"] for item in payloads)
        return {
            *(item["viewer_count"] for item in payloads),
            views,
            category["viewer_count"] - self.others,
        }


@pytest.fixture
async def crowd(client: httpx.AsyncClient, call: Caller) -> Crowd:
    await client.put("/_emulator/clock", json={"mode": "virtual"})
    listed = (await call("GET", "/streams/search?query=database&limit=1")).json()["streams"]
    return Crowd(client, call, listed[0])


async def test_viewers_admin_separates_real_from_simulated_viewers(crowd: Crowd) -> None:
    payload = await crowd.ask(verb="set", count=100)
    assert (payload["viewers"], payload["real"], payload["simulated"]) == (100, 0, 100)
    # Two players, one of them plain and low latency at once: each is one viewer.
    for manifest in ("stream", "llhls"):
        await crowd.play("one", manifest)
    await crowd.play("two", headers={"X-Emulator-Country": "fr", "Referer": "https://a.example/x"})

    payload = await crowd.ask()

    assert (payload["viewers"], payload["real"], payload["simulated"]) == (102, 2, 100)
    assert payload["countries"]["FR"] == 1
    assert payload["referrers"]["a.example"] == 1
    assert await crowd.shown() == {102}
    # On the world's clock: after 14.999 s they still count, and then they do not.
    await crowd.advance(14.999)
    assert await crowd.shown() == {102}
    await crowd.advance(0.001)
    assert await crowd.shown() == {100}
    assert (await crowd.ask())["real"] == 0


async def test_viewers_admin_does_not_count_a_preview_in_the_console(crowd: Crowd) -> None:
    before = await crowd.ask(verb="set", count=0)
    await crowd.play("somebody", "llhls", headers={"X-Emulator-Console": "1"})
    assert await crowd.ask() == before
    # The same browser's watch page is a viewer, whatever its console opens meanwhile.
    await crowd.play("somebody", "llhls")
    await crowd.play("somebody", "llhls", headers={"X-Emulator-Console": "1"})
    assert (await crowd.ask())["real"] == before["real"] + 1


async def test_viewers_admin_run_with_all_its_orders(crowd: Crowd) -> None:
    await crowd.ask(verb="set", count=0)
    await crowd.ask(
        verb="add",
        count=600,
        **{"for": "10m"},
        arrivals="even",
        stay="fixed(1h)",
        countries={"DE": "50%", "US": 0.5},
        devices={"mobile": "25%"},
        signed_in="10%",
    )
    await crowd.advance(300)
    assert await crowd.shown() == {300}
    payload = await crowd.ask(verb="churn", per_minute=0.5, **{"for": 60})
    assert [plan["verb"] for plan in payload["plans"]] == ["add", "churn"]
    await crowd.advance(300)
    assert await crowd.shown() == {600}
    await crowd.ask(verb="spike", count=400, **{"for": "2m"})
    await crowd.advance(60)
    assert await crowd.shown() == {1000}
    await crowd.advance(60)
    await crowd.ask(verb="ramp", to=50, **{"for": "1m"}, curve="step")
    await crowd.advance(60)
    assert await crowd.shown() == {50}


async def test_viewers_admin_history_is_the_curve_of_the_last_minutes(crowd: Crowd) -> None:
    # Given ten viewers for a minute, then twenty, and at last five,
    await crowd.ask(verb="set", count=10)
    await crowd.advance(60)
    await crowd.ask(verb="set", count=20)
    await crowd.advance(2)
    await crowd.ask(verb="set", count=5)

    # then the history has each second of it, up to now,
    url = f"/_emulator/streams/{crowd.id}/viewers/history"
    now = (await crowd.client.get("/_emulator/clock")).json()["now"]
    history = (await crowd.client.get(url, params={"seconds": 10})).json()
    assert history["viewers"] == [*[10] * 8, 20, 20, 5]
    began = datetime.fromisoformat(history["started_at"])
    assert began + timedelta(seconds=10) == datetime.fromisoformat(now)

    # and a longer history has no more than 600 values.
    history = (await crowd.client.get(url, params={"seconds": 3000})).json()
    assert history["interval_ms"] == 5000
    assert len(history["viewers"]) <= 601
    assert history["viewers"][-13:] == [*[10] * 12, 5]
    # The list of all streams agrees.
    payload = (await crowd.client.get("/_emulator/viewers")).json()
    assert payload["viewers"] == sum(stream["viewers"] for stream in payload["streams"])
    [stream] = [stream for stream in payload["streams"] if stream["stream_id"] == crowd.id]
    assert (stream["viewers"], stream["real"], stream["simulated"]) == (5, 0, 5)
    offline = (await crowd.client.get("/_emulator/streams/nowhere/viewers/history")).status_code
    assert offline == 404


async def test_viewers_admin_raid_moves_viewers_between_streams(crowd: Crowd, call: Caller) -> None:
    await crowd.ask(verb="set", count=500)
    other = (await call("GET", "/streams/search?query=shop&limit=1")).json()["streams"][0]

    await crowd.ask(verb="raid", target=other["id"], count=200)

    assert await crowd.shown() == {300}
    now = (await call("GET", f"/streams/id/{other['id']}")).json()
    assert now["viewer_count"] == other["viewer_count"] + 200


async def test_viewers_admin_invalid_orders_are_refused(crowd: Crowd, call: Caller) -> None:
    before = await crowd.ask()
    for body in (
        {},
        {"verb": "sit"},
        {"verb": "add"},
        {"count": -1},
        {"count": 1.5},
        {"count": "many"},
        {"count": 10**12},
        {"count": 10_000_000},
        {"verb": "ramp", "to": 5},
        {"verb": "ramp", "to": 5, "for": "8d"},
        {"verb": "ramp", "to": 5, "for": -1},
        {"verb": "ramp", "to": 5, "for": "soon"},
        {"verb": "ramp", "to": 5, "for": 60, "curve": "wavy"},
        {"verb": "churn", "per_minute": 0, "for": 60},
        {"verb": "spike", "count": 5},
        {"count": 5, "stay": "forever"},
        {"count": 5, "countries": {"Germany": 1}},
        {"count": 5, "countries": {"DE": 0.7, "US": 0.7}},
        {"count": 5, "countries": {"DE": "170%"}},
        {"count": 5, "signed_in": -1},
        {"verb": "raid"},
        {"verb": "raid", "target": crowd.id},
        {"verb": "raid", "target": crowd.id, "count": 10**6},
    ):
        check_error(await crowd.order(**body), 422)
    check_error(await crowd.order(verb="raid", target="nowhere"), 404)
    ended = (await call("GET", "/streams/?status_filter=ended")).json()["streams"][0]
    check_error(await crowd.order(verb="raid", target=ended["id"]), 409)
    gone = Crowd(crowd.client, call, ended)
    check_error(await gone.order(count=5), 409)
    nowhere = {"id": "nowhere", "cloudflare_stream_id": "0" * 32}
    check_error(await Crowd(crowd.client, call, nowhere).order(count=5), 404)

    assert await crowd.ask() == before
